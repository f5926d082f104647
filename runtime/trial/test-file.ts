/** A test file beside its topology: read with the places of its mistakes, run test by test, and brought up to date. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import type { Plan } from '../../topology/plan.ts'
import { parseYaml } from '../../topology/read/document.ts'
import type { TextPlace } from '../../topology/read/finding.ts'
import { type LintFinding, placedFinding } from './lint-finding.ts'
import type { ValuePath } from './shape.ts'
import { readTests, topologyNamed, type TestValue } from './test-value.ts'

/** Where a topology is: a YAML file, or an export of a module. */
export interface TopologyPlace {
  readonly url: string
  readonly export?: string
}

export interface TestFile extends Pick<TestValue, 'tests'> {
  /** URL of the test file. */
  readonly url: string
  readonly text: string
  readonly findings: readonly LintFinding[]
  placeOf(path: ValuePath): TextPlace
}

const testEnding = /\.test\.ya?ml$/

/** True for the names that `allsource test` looks for. */
export function isTestFile(name: string): boolean {
  return testEnding.test(name)
}

/** `orders.test.yaml` of `orders.yaml`, `orders.yml`, `orders.ts` or `orders.js`. */
export function testFileNames(topologyFile: string): readonly string[] {
  const stem = topologyFile.replace(/\.[^./\\]+$/, '')
  return [`${stem}.test.yaml`, `${stem}.test.yml`]
}

/** Files that may hold the topology of a test file that names none, the likeliest first. */
export function topologyFileNames(testFile: string): readonly string[] {
  const stem = testFile.replace(testEnding, '')
  return ['yaml', 'yml', 'ts', 'js', 'mts', 'mjs'].map(ending => `${stem}.${ending}`)
}

/** NOT_FOUND when there is no such file. */
export async function textOfFile(url: string): Promise<string> {
  try {
    return await readFile(fileURLToPath(url), 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const path = fileURLToPath(url)
    if (code === 'ENOENT') throw new EventStoreError('NOT_FOUND', `there is no file ${path}`, { file: path }, { cause })
    throw new EventStoreError('INVALID', `${path} can not be read: ${(cause as Error).message}`, { file: path }, { cause })
  }
}

/** The topology a test file is about: the one it names, or its sibling. INVALID when there is none. */
export async function topologyOf(testUrl: string, text: string): Promise<TopologyPlace> {
  const named = topologyNamed(parseYaml(text).value)
  if (named !== undefined) return placeNamed(named, testUrl)
  const candidates = topologyFileNames(fileURLToPath(testUrl))
  for (const path of candidates) if (await isFile(path)) return { url: pathToFileURL(path).href }
  const names = candidates.map(path => basename(path)).join(', ')
  const file = fileURLToPath(testUrl)
  throw new EventStoreError('INVALID', `${file} names no topology, and there is none of ${names} beside it`, { file })
}

/** `./orders.yaml`, or `./orders.ts#raw`. */
function placeNamed(named: string, from: string): TopologyPlace {
  const hash = named.lastIndexOf('#')
  const [path, exported] = hash < 0 ? [named, ''] : [named.slice(0, hash), named.slice(hash + 1)]
  const url = path.startsWith('file:') ? path : pathToFileURL(resolve(dirname(fileURLToPath(from)), path)).href
  return { url, ...(exported !== '' && { export: exported }) }
}

/** The test files beside a topology that are there. */
export async function siblingsOf(topologyFile: string): Promise<string[]> {
  const found: string[] = []
  for (const path of testFileNames(topologyFile)) if (await isFile(path)) found.push(path)
  return found
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  )
}

/** The tests of a file; with a plan, the names in them are proved, too. */
export function readTestText(text: string, { url, plan }: { readonly url: string; readonly plan?: Plan | undefined }): TestFile {
  const document = parseYaml(text, { file: fileURLToPath(url) })
  const { findings, value } = document
  const file = { url, text, placeOf: (path: ValuePath) => document.placeOf(path) }
  if (findings.some(({ severity }) => severity === 'error')) return { ...file, tests: [], findings }
  const { tests, issues } = readTests(value, plan)
  const own = issues.map(issue => placedFinding(document, 'test-file', issue))
  return { ...file, tests, findings: [...findings, ...own] }
}
