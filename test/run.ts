/** The test runner: each test file is a child process with a deadline, and a file that dies, hangs or says nothing counts as failed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { askedMs, type FileResult, killRunning, runFile } from './run-file.ts'

const usage = `npm test -- [words] [--without WORDS] [--browser] [--ci] [--list] [--deadline SECONDS] [--jobs N]

  words       only files whose path contains one of them
  --without   no files whose path contains one of these, with commas between
  --browser   also *.browser.test.ts
  --ci        only test/ci (full disks, failing syncs: needs root)
  --list      names the files and runs none
  --deadline  seconds a file may take (300)
  --jobs      files at a time (one more than cores)`

/** What a file's suffix says it costs and is only run when asked; a plain `.test.ts` does no I/O. */
const optionalCosts = ['browser'] as const

interface Choice {
  readonly words: readonly string[]
  readonly without: readonly string[]
  readonly costs: ReadonlySet<string>
  readonly ci: boolean
}

/** Test files in the order they run: those that take longest first, or one of them is left alone in the end. */
async function chooseFiles({ words, without, costs, ci }: Choice): Promise<string[]> {
  const found: string[] = []
  for await (const path of glob(['test/**/*.ts', 'examples/**/*.test.ts'], { exclude: ['**/node_modules/**'] })) {
    const inCi = path.startsWith('test/ci/')
    if (inCi !== ci) continue
    if (ci ? !(await isTest(path)) : !path.endsWith('.test.ts')) continue
    const cost = /\.([a-z]+)\.test\.ts$/.exec(path)?.[1] ?? ''
    if (optionalCosts.some(each => each === cost && !costs.has(each))) continue
    if (words.length > 0 && !words.some(word => path.includes(word))) continue
    if (without.some(word => path.includes(word))) continue
    found.push(path)
  }
  const ranked = await Promise.all(
    found.map(async path => ({ path, isLong: (await askedMs(path)) > 0, isOutside: /\.(disk|nats)\.test\.ts$/.test(path) })),
  )
  const rank = ({ path, isLong, isOutside }: (typeof ranked)[number]): string => `${isLong ? 0 : isOutside ? 1 : 2}${path}`
  return ranked.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).map(({ path }) => path)
}

/** In test/ci support files lie beside the tests, so the import tells them apart. */
async function isTest(path: string): Promise<boolean> {
  return /from 'uvu'/.test(await readFile(path, 'utf8'))
}

async function runAll(files: readonly string[], jobs: number, deadlineMs: number): Promise<FileResult[]> {
  const results: FileResult[] = []
  const waiting = [...files]
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, deadlineMs)
      results.push(result)
      report(result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  return results
}

/**
 * Hundreds of processes and workers load the same sources: what one has stripped of types and compiled, the others take from disk, and need
 * half the time to start. Coverage would be counted less exactly. Gives back what ends it.
 */
function shareCompiled(): () => void {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined || process.env['NODE_V8_COVERAGE'] !== undefined) return () => undefined
  const directory = mkdtempSync(join(tmpdir(), 'allsource-compiled-'))
  process.env['NODE_COMPILE_CACHE'] = directory
  return () => rmSync(directory, { recursive: true, force: true })
}

function report(result: FileResult): void {
  const seconds = `${(result.ms / 1000).toFixed(1)} s`.padStart(8)
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
  console.log(`${result.failed > 0 ? 'FAIL' : 'ok  '} ${seconds}  ${result.file}  (${result.passed} passed${skipped})`)
  if (result.failed === 0) return
  if (result.cause !== '') console.log(`     ${result.cause}`)
  console.log(result.output.replaceAll(/^/gm, '     | ').trimEnd())
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      browser: { type: 'boolean' },
      ci: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
      without: { type: 'string' },
      deadline: { type: 'string', default: '300' },
      // Files wait for disks and for processes of theirs.
      jobs: { type: 'string', default: String(Math.min(8, availableParallelism() + 1)) },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const costs = new Set(optionalCosts.filter(cost => values[cost]))
  const files = await chooseFiles({ words: positionals, without: values.without?.split(',') ?? [], costs, ci: values.ci ?? false })
  if (values.list) {
    console.log(files.join('\n'))
    return 0
  }
  if (files.length === 0) {
    console.log(`no test file matches${positionals.length > 0 ? ` ${positionals.join(' ')}` : ''}\n\n0 passed, 1 failed`)
    return 1
  }
  process.once('exit', shareCompiled())
  const results = await runAll(files, Number(values.jobs), Number(values.deadline) * 1000)
  const sum = (pick: (result: FileResult) => number): number => results.reduce((total, result) => total + pick(result), 0)
  const failed = sum(result => result.failed)
  const skipped = sum(result => result.skipped)
  const failures = results.filter(result => result.failed > 0).map(result => `  ${result.file}`)
  if (failures.length > 0) console.log(`\nfailed files:\n${failures.join('\n')}`)
  console.log(`\n${results.length} files${skipped > 0 ? `, ${skipped} tests skipped` : ''}`)
  console.log(`${sum(result => result.passed)} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(1)
  })
}
process.exitCode = await main()
