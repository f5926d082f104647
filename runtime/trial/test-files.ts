/** Finds test files and runs them, each in a thread of its own; a test whose code never returns fails, and those after it go on. */
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Plan } from '../../topology/plan.ts'
import type { Difference } from './expected.ts'
import { withStep } from './dry-run.ts'
import { type LintFinding, wholeFileFinding } from './lint-finding.ts'
import {
  isTestFile,
  readTestText,
  siblingsOf,
  type TestFile,
  testFileNames,
  textOfFile,
  topologyOf,
  type TopologyPlace,
} from './test-file.ts'
import type { TopologyTest } from './test-value.ts'
import type { TestAnswer } from './trial-host.ts'
import { TrialThread, type TrialThreadOptions } from './trial-thread.ts'
import { type Edit, updatedText } from './update.ts'

/** Directories that are not searched. */
const skipped = /^(?:node_modules|\..*)$/

export interface TestReport {
  readonly name: string
  /** Of the test in the file, from 1. */
  readonly line: number
  readonly status: 'passed' | 'failed' | 'updated'
  readonly differences: readonly Difference[]
}

export interface TestFileReport {
  /** Path of the test file. */
  readonly file: string
  readonly text: string
  /** What is wrong with the file or its topology; with an error, no test was run. */
  readonly findings: readonly LintFinding[]
  readonly tests: readonly TestReport[]
}

export interface TestOptions extends TrialThreadOptions {
  /** Only tests whose name holds this. */
  readonly filter?: string
  /** Writes what came into the `expect` of the tests that failed. */
  readonly isUpdating?: boolean
}

/** The test files that paths stand for: a test file, the topology it is beside, or a directory with any below it. NOT_FOUND when there is none. */
export async function findTestFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(path => testFilesAt(path)))
  return [...new Set(found.flat())]
}

async function testFilesAt(path: string): Promise<readonly string[]> {
  const entry = await stat(path).catch(() => undefined)
  if (entry === undefined) throw new EventStoreError('NOT_FOUND', `there is no file ${path}`, { file: path })
  const files = entry.isDirectory() ? await filesBelow(path) : isTestFile(path) ? [path] : await siblingsOf(path)
  if (files.length > 0) return files
  const wanted = entry.isDirectory() ? 'any *.test.yaml below it' : testFileNames(path).join(' or ')
  throw new EventStoreError('NOT_FOUND', `${path} has no tests: there is not ${wanted}`, { file: path })
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EventStoreError('INVALID', `${directory} can not be searched: ${why}`, { file: directory }, { cause })
  })
  const found = await Promise.all(
    entries
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async entry => {
        const path = join(directory, entry.name)
        if (entry.isDirectory()) return skipped.test(entry.name) ? [] : filesBelow(path)
        return entry.isFile() && isTestFile(entry.name) ? [path] : []
      }),
  )
  return found.flat()
}

/** Runs the tests of one file. */
export async function runTestFile(path: string, options: TestOptions = {}): Promise<TestFileReport> {
  const runner = new TestRunner(pathToFileURL(path).href, options)
  try {
    return await runner.run()
  } finally {
    await runner.close()
  }
}

class TestRunner {
  readonly #url: string
  readonly #options: TestOptions
  #thread: TrialThread | undefined

  constructor(url: string, options: TestOptions) {
    this.#url = url
    this.#options = options
  }

  get #file(): string {
    return fileURLToPath(this.#url)
  }

  async run(): Promise<TestFileReport> {
    const text = await textOfFile(this.#url)
    try {
      const place = await topologyOf(this.#url, text)
      const plan = await this.#control.plan(place)
      const file = readTestText(text, { url: this.#url, plan })
      if (file.findings.some(({ severity }) => severity === 'error')) return { file: this.#file, text, findings: file.findings, tests: [] }
      return await this.#runAll(file, place, plan)
    } catch (error) {
      if (!isEventStoreError(error) || this.#options.signal?.aborted) throw error
      return { file: this.#file, text, findings: [wholeFileFinding('module', error.message)], tests: [] }
    }
  }

  async #runAll(file: TestFile, place: TopologyPlace, plan: Plan): Promise<TestFileReport> {
    const { filter = '', isUpdating = false, signal } = this.#options
    const tests: TestReport[] = []
    const edits: Edit[] = []
    for (const [index, test] of file.tests.entries()) {
      if (signal?.aborted) break
      if (!test.name.includes(filter)) continue
      const { differences, edits: needed } = await this.#ask({ index, text: file.text, place, plan })
      const isMended = isUpdating && needed.length > 0 && differences.every(({ path }) => path.length > 0)
      if (isMended) edits.push(...needed)
      const status = isMended ? 'updated' : differences.length > 0 ? 'failed' : 'passed'
      tests.push({ name: test.name, line: lineOf(file, test), status, differences })
    }
    if (edits.length === 0) return { file: this.#file, text: file.text, findings: file.findings, tests }
    const text = updatedText(file.text, edits, this.#file)
    await writeFile(this.#file, text)
    return { file: this.#file, text, findings: readTestText(text, { url: this.#url, plan }).findings, tests }
  }

  async #ask(test: { index: number; text: string; place: TopologyPlace; plan: Plan }): Promise<TestAnswer> {
    const { index, text, place, plan } = test
    try {
      return await this.#control.test({ ...place, testUrl: this.#url, text, index })
    } catch (error) {
      // Its thread is gone; the next test gets another.
      await this.close()
      const named = withStep(error, plan)
      if (!isEventStoreError(named)) throw named
      return { differences: [{ path: [], what: named.message, lines: [] }], edits: [] }
    }
  }

  get #control(): TrialThread['control'] {
    return (this.#thread ??= new TrialThread(this.#options)).control
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }
}

function lineOf({ placeOf }: TestFile, { path }: TopologyTest): number {
  return placeOf(path).line
}
