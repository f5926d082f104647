/** `npm run coverage`: the tests under c8, then lines covered by room; fails when a room of the product falls below its floor. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join, relative, resolve } from 'node:path'

interface Counted {
  readonly total: number
  readonly covered: number
}

type Summary = Readonly<Record<string, { readonly lines: Counted; readonly branches: Counted; readonly functions: Counted }>>

/** Percent of lines that the tests of a room must run. */
const floors = { event: 90, store: 90, operators: 90, topology: 90, actors: 90 } as const

const root = resolve(import.meta.dirname, '..')
const reports = join(root, 'coverage')
const rooms = Object.keys(floors) as (keyof typeof floors)[]

async function runTests(words: readonly string[]): Promise<number> {
  await rm(reports, { recursive: true, force: true })
  const include = rooms.flatMap(room => ['--include', `${room}/**/*.ts`])
  const options = ['--all', '--extension', '.ts', ...include, '--reporter', 'json-summary', '--reporter', 'html', '--reports-dir', reports]
  const c8 = join(root, 'node_modules/c8/bin/c8.js')
  // Of functions that come compiled out of a cache it is not known which lines ran.
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined }
  const child = spawn(process.execPath, [c8, ...options, process.execPath, 'test/run.ts', ...words], { stdio: 'inherit', cwd: root, env })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

/** A file of types alone is never loaded, so no test can cover it. */
async function holdsCode(path: string): Promise<boolean> {
  const code = stripTypeScriptTypes(await readFile(path, 'utf8'))
  return code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|export \{\s*\};?/g, '').trim() !== ''
}

function percent({ total, covered }: Counted): number {
  return total === 0 ? 100 : (covered / total) * 100
}

async function report(): Promise<string[]> {
  const summary = JSON.parse(await readFile(join(reports, 'coverage-summary.json'), 'utf8')) as Summary
  const files = []
  for (const [path, counts] of Object.entries(summary)) {
    if (path !== 'total' && (await holdsCode(path))) files.push({ file: relative(root, path), ...counts })
  }
  const low: string[] = []
  console.log('\nroom         lines  functions  branches')
  for (const room of rooms) {
    const own = files.filter(({ file }) => file.startsWith(`${room}/`))
    const sum = (part: 'lines' | 'functions' | 'branches'): number =>
      percent({
        total: own.reduce((all, file) => all + file[part].total, 0),
        covered: own.reduce((all, file) => all + file[part].covered, 0),
      })
    const lines = sum('lines')
    console.log(
      `${room.padEnd(10)} ${lines.toFixed(1).padStart(6)}% ${sum('functions').toFixed(1).padStart(9)}% ${sum('branches').toFixed(1).padStart(8)}%`,
    )
    if (lines < floors[room]) low.push(`${room}: ${lines.toFixed(1)} % of lines, must be ${floors[room]} %`)
    for (const { file, lines } of own
      .filter(each => percent(each.lines) < floors[room])
      .sort((a, b) => percent(a.lines) - percent(b.lines))) {
      console.log(`  ${percent(lines).toFixed(0).padStart(3)} %  ${file}`)
    }
  }
  return low
}

const tests = await runTests(process.argv.slice(2))
const low = await report()
for (const sentence of low) console.log(sentence)
console.log(`${rooms.length - low.length + (tests === 0 ? 1 : 0)} passed, ${low.length + (tests === 0 ? 0 : 1)} failed`)
process.exitCode = tests === 0 && low.length === 0 ? 0 : 1
