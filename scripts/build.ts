/** `npm run build`: compiles the sources into dist/, which is what the package ships, because Node strips no types under node_modules. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** The compiler rewrites `.ts` in the imports of sources but not in those of declarations. */
async function rewriteDeclarations(): Promise<number> {
  let files = 0
  for await (const file of glob('**/*.d.ts', { cwd: dist })) {
    const path = join(dist, file)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replaceAll(/(from |import\(|import )(['"])(\.{1,2}\/[^'"]*?)\.ts\2/g, '$1$2$3.js$2'))
    files++
  }
  return files
}

await rm(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const child = spawn(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit', cwd: root })
const [code] = (await once(child, 'exit')) as [number | null]
if (code !== 0) {
  await rm(dist, { recursive: true, force: true })
  console.error('the sources do not compile, so there is no dist/')
} else {
  console.error(`dist/: ${await rewriteDeclarations()} modules`)
}
process.exitCode = code ?? 1
