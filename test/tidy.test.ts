/** Taste as a test: sizes, names, banned words, pinned dependencies, and pages that list what the tables list. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCodes } from '../event/error.ts'
import { defaultLimits } from '../event/limits.ts'
import { operators } from '../operators/index.ts'
import { bannedNames, codeOf, FILE_LINES_MAX, LINE_CHARACTERS_MAX, lineRules, wordsOf } from './tidy-rules.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const root = resolve(import.meta.dirname, '..')
const exclude = ['node_modules', 'dist', 'coverage', 'data', '.git', '.tmp'].flatMap(name => [name, `**/${name}/**`])
const textFiles = globSync(['**/*.{ts,mjs,md,json,yaml}', '.ci/*', '*.json', '.*rc.json', '.dependency-cruiser.mjs'], {
  cwd: root,
  exclude,
})
  .filter(file => !file.startsWith('node_modules/'))
  .sort()
const sources = textFiles.filter(file => file.endsWith('.ts'))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest

function none(offenders: readonly string[], sentence: string): void {
  if (offenders.length === 0) return
  const failure = new Error(`${sentence}\n      ${offenders.join('\n      ')}`)
  // Where in this file it was noticed helps nobody.
  failure.stack = '\n'
  throw failure
}

test('there is something to look at', () => {
  assert.ok(sources.length > 20)
})

test(`a file has at most ${FILE_LINES_MAX} lines`, () => {
  const sizes = sources.map(file => ({ file, lines: read(file).split('\n').length - 1 }))
  none(
    sizes.filter(({ lines }) => lines > FILE_LINES_MAX).map(({ file, lines }) => `${file}: ${lines} lines`),
    'split it by what it does',
  )
})

test(`a line has at most ${LINE_CHARACTERS_MAX} characters`, () => {
  const offenders = sources.flatMap(file =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (line.length > LINE_CHARACTERS_MAX ? [`${file}:${index + 1}: ${line.length} characters`] : [])),
  )
  none(offenders, 'break it')
})

test('a source opens with a sentence that says what the file is', () => {
  const offenders = sources.filter(file => {
    const text = read(file).replace(/^#!.*\n/, '')
    const opening = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
    return opening.replaceAll(/[\s*]+/g, ' ').trim().length < 15
  })
  none(offenders, 'begin it with /** One sentence. */')
})

for (const rule of lineRules) {
  test(`no ${rule.name}`, () => {
    const files = textFiles.filter(file => (rule.files?.test(file) ?? true) && !(rule.except?.test(file) ?? false))
    const offenders = files.flatMap(file => {
      const text = read(file)
      const looked = (rule.codeOnly ? codeOf(text) : text).split('\n')
      // A URL of a module is in a text, so the line as it stands must match too.
      return looked.flatMap((line, index) =>
        rule.pattern.test(line) ? [`${file}:${index + 1}: ${text.split('\n')[index]?.trim() ?? ''}`] : [],
      )
    })
    none(offenders, `instead: ${rule.instead}`)
  })
}

test('names say what a thing does', () => {
  const instead = new Map(bannedNames.map(({ word, instead }) => [word, instead]))
  const objections = (name: string, place: string): string[] =>
    wordsOf(name).flatMap(word => (instead.has(word) ? [`${place}: "${word}" in ${name}; instead: ${instead.get(word)}`] : []))
  const offenders = sources.flatMap(file => {
    const declared = [
      ...codeOf(read(file)).matchAll(
        /^(?:export )?(?:async )?(?:abstract )?(?:class|function\*?|interface|type|const|let) +([A-Za-z_$][\w$]*)/gm,
      ),
    ]
    return [...objections(file, file), ...declared.flatMap(([, name = '']) => objections(name, file))]
  })
  none(offenders, 'rename')
})

test('a test file runs its tests, and a skip has a written reason', () => {
  const offenders = sources
    .filter(file => file.endsWith('.test.ts'))
    .flatMap(file => {
      const lines = read(file).trimEnd().split('\n')
      const silent = /\w+\.run\(\)$/.test(lines.at(-1) ?? '') ? [] : [`${file}: does not end with test.run()`]
      const reasons = lines.flatMap((line, index) =>
        /\.skip\(/.test(line) && !/\/\//.test(`${lines[index - 1] ?? ''}${line}`) ? [`${file}:${index + 1}: skipped without a reason`] : [],
      )
      return [...silent, ...reasons]
    })
  none(offenders, 'mend')
})

test('every dependency is pinned exactly', () => {
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  none(
    all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)).map(entry => entry.join(' ')),
    'name one version',
  )
})

test('every dependency has one door, and somebody goes through it', async () => {
  const { packages } = (await import(join(root, '.dependency-cruiser.mjs'))) as { packages: readonly { names: readonly string[] }[] }
  const doors = new Set(packages.flatMap(({ names }) => names))
  const names = Object.keys(manifest.dependencies)
  none(
    names.filter(name => !doors.has(name)),
    'give it a row in `packages` of .dependency-cruiser.mjs',
  )
  const imports = sources
    .filter(file => !file.startsWith('test/'))
    .map(read)
    .join('\n')
  none(
    names.filter(name => !imports.includes(`from '${name}`) && !imports.includes(`import('${name}`)),
    'remove it: nothing imports it',
  )
})

test('every operator keeps the contract of operators', () => {
  const without = Object.keys(operators).filter(name => {
    const file = `test/operators/${name}.test.ts`
    return !existsSync(join(root, file)) || !new RegExp(`operatorContract\\(${name}(?:Rows)?\\b`).test(read(file))
  })
  none(without, 'give it a file in test/operators with operatorContract(…)')
})

test('docs/errors.md lists the codes of event/error.ts', () => {
  const listed = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
  assert.equal(listed, Object.keys(errorCodes), 'npm run generate')
})

test('docs/limits.md lists the limits of event/limits.ts', () => {
  const listed = [...read('docs/limits.md').matchAll(/^\| `([A-Za-z]+)` \|/gm)].map(([, name]) => name)
  assert.equal(listed, Object.keys(defaultLimits), 'npm run generate')
})

test('links between pages lead somewhere', () => {
  const pages = textFiles.filter(file => file.endsWith('.md'))
  const offenders = pages.flatMap(file =>
    [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .filter(([, target = '']) => !existsSync(join(root, dirname(file), target)))
      .map(([, target]) => `${file}: ${target}`),
  )
  none(offenders, 'mend the link')
})

test('every decision is in the list of decisions', () => {
  const list = read('docs/decisions/README.md')
  const pages = globSync('*.md', { cwd: join(root, 'docs/decisions') }).filter(page => page !== 'README.md')
  none(
    pages.filter(page => !list.includes(`](${page})`)),
    'give it a row in docs/decisions/README.md',
  )
})

test('code that a page quotes is the code of the file', () => {
  const blocks = textFiles
    .filter(file => file.endsWith('.md'))
    .flatMap(page =>
      [...read(page).matchAll(/<!-- quoted from (\S+) -->\n+```ts\n([\s\S]*?)```/g)].map(([, file = '', code = '']) => ({
        page,
        file,
        code,
      })),
    )
  assert.ok(blocks.length > 0)
  const offenders = blocks.flatMap(({ page, file, code }) => {
    const lines = new Set(read(file).split('\n'))
    return code.split('\n').flatMap(line => (lines.has(line) ? [] : [`${page}: not in ${file}: ${line}`]))
  })
  none(offenders, 'quote it again')
})

test.run()
