/** `npm run generate` writes the pages that are made from tables of the product; with `--check` it only says which are stale. */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'

/** What a module in scripts/generate/ exports: the files it makes, by path from the project's root. */
interface Generator {
  generate(): Promise<ReadonlyMap<string, string>> | ReadonlyMap<string, string>
}

const root = resolve(import.meta.dirname, '..')

async function made(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const path of glob('scripts/generate/*.ts', { cwd: root })) {
    const generator = (await import(pathToFileURL(join(root, path)).href)) as Generator
    for (const [file, text] of await generator.generate()) files.set(file, await formatted(file, text))
  }
  return files
}

/** Generated sources are formatted as written ones are; pages stay as their generator lays them out. */
async function formatted(file: string, text: string): Promise<string> {
  if (!file.endsWith('.ts')) return text
  const path = join(root, file)
  return format(text, { ...(await resolveConfig(path)), filepath: path })
}

async function present(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8').catch(() => '')
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const files = await made()
const stale: string[] = []
for (const [file, text] of files) {
  if ((await present(file)) === text) continue
  stale.push(file)
  if (values.check) continue
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), text)
}
for (const file of stale) console.log(`${values.check ? 'stale' : 'wrote'} ${file}`)
console.log(`${files.size} generated files, ${stale.length} ${values.check ? 'stale' : 'written'}`)
process.exitCode = values.check && stale.length > 0 ? 1 : 0
