/** The package as a user meets it: packed, installed in an empty project, and used from a TypeScript file outside node_modules. */
// Deadline: 300 s
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

interface Manifest {
  readonly allowScripts: Readonly<Record<string, boolean>>
}

const project = resolve(import.meta.dirname, '..')
const user = await mkdtemp(join(tmpdir(), 'allsource-user-'))
// npm and the installed command start with `env node`, which must be the Node that runs this test.
const environment = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter), NO_COLOR: '1' }
let packed: Packed

async function run(program: string, words: readonly string[], directory = user): Promise<string> {
  const { stdout } = await promisify(execFile)(program, words, { cwd: directory, env: environment, maxBuffer: 1 << 24 })
  return stdout
}

test.after(() => rm(user, { recursive: true }))

test('npm packs compiled modules with their declarations, and no source', async () => {
  const answer = await run('npm', ['pack', '--json', '--loglevel', 'error', '--pack-destination', user], project)
  // What prepack prints comes before the JSON.
  packed = (JSON.parse(answer.slice(answer.indexOf('[\n'))) as [Packed])[0]
  const paths = packed.files.map(({ path }) => path)
  for (const wanted of ['LICENSE', 'README.md', 'dist/runtime/index.js', 'dist/runtime/index.d.ts', 'dist/test/contract/index.js']) {
    assert.ok(paths.includes(wanted), `${wanted} is missing`)
  }
  const unwanted = paths.filter(path => /(?<!\.d)\.ts$|\.test\.|^(?:examples|bench|docs|scripts|test)\//.test(path))
  assert.equal(unwanted, [])
})

test('declarations name modules that are shipped', async () => {
  const paths = new Set(packed.files.map(({ path }) => path))
  const offenders = []
  for (const path of paths) {
    if (!/^dist\/.*(?:\.js|\.d\.ts)$/.test(path)) continue
    const text = await readFile(join(project, path), 'utf8')
    for (const [, target = ''] of text.matchAll(/(?:from |import\()['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const module = join(dirname(path), target)
      if (!paths.has(module)) offenders.push(`${path}: ${target}`)
    }
  }
  assert.equal(offenders, [])
})

test('an empty project installs it', async () => {
  const { allowScripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Manifest
  await writeFile(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module', allowScripts }))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error', join(user, packed.filename)])
  assert.ok(existsSync(join(user, 'node_modules/allsource/dist/runtime/index.js')))
})

test('nothing a tool of ours needs was installed', async () => {
  const installed = await readdir(join(user, 'node_modules'))
  assert.equal(
    ['typescript', 'prettier', 'oxlint', 'c8', 'dependency-cruiser'].filter(name => installed.includes(name)),
    [],
  )
})

/** Files a user would write; each is run, and the last line it prints is compared. */
const programs: readonly (readonly [file: string, prints: string])[] = [
  ['append-and-read.ts', '3 events, version 3'],
  ['on-disk.ts', '3 events, version 3'],
  ['run-pipeline.ts', 'ended: 2 orders of 30'],
  ['ask-a-node.ts', 'total 42, conflict true'],
  ['readme.ts', 'still owed: 10'],
]

test('the files of a user are there, and the code of the README', async () => {
  const from = join(project, 'test/fixtures/package')
  for (const name of await readdir(from)) await copyFile(join(from, name), join(user, name))
  const readme = await readFile(join(project, 'README.md'), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  assert.ok(code.split('\n').length >= 20)
  await writeFile(join(user, 'readme.ts'), code)
})

for (const [file, prints] of programs) {
  test(`a user's ${file} runs`, async () => {
    const printed = await run(process.execPath, [file])
    assert.is(printed.trim().split('\n').at(-1), prints)
  })
}

test('the types of the package hold for a user', async () => {
  const options = { strict: true, noEmit: true, target: 'es2024', module: 'nodenext', allowImportingTsExtensions: true, types: ['node'] }
  const typeRoots = [join(project, 'node_modules/@types')]
  const files = [...programs.map(([file]) => file), 'orders.ts', 'is-large.ts']
  await writeFile(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true, typeRoots }, files }))
  const compiler = join(project, 'node_modules/typescript/bin/tsc')
  const said = await run(process.execPath, [compiler, '-p', user]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  assert.is(said, '')
})

test('the command is there', async () => {
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string }
  assert.match(await run('npx', ['--no-install', 'allsource', '--version']), version)
})

test('the contract suites can be imported', async () => {
  const script = "const suites = await import('allsource/testing'); console.log(Object.keys(suites).length > 0)"
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error', 'uvu@0.5.6', 'fast-check@4.10.2'])
  assert.is((await run(process.execPath, ['--input-type=module', '-e', script])).trim(), 'true')
})

test.run()
