/**
 * `npm run flights:all`: the flights job at 1, 2 and 4 shards, 1 and 32 partitions, pages of 64 and 4,096, undisturbed and after kill -9 in
 * the middle of the fold; each must equal the twin byte for byte. `--rows N` for the first N rows (all of them by default).
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { differenceFrom, runScript, startFlights } from '../examples/flights-process.ts'
import type { Ended } from '../examples/flights-process.ts'
import { flightsTwin } from '../examples/flights-twin.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '3000000' } } })
const rows = Number(values.rows.replaceAll('_', ''))
const child = join(import.meta.dirname, 'flights-child.ts')
const root = mkdtempSync(join(tmpdir(), 'allsource-flights-all-'))
const answer = await flightsTwin({ limit: rows })

/** A partition lies in one shard, so one partition has one. */
const layouts: readonly (readonly [shards: number, partitions: number])[] = [
  [1, 1],
  [1, 32],
  [2, 32],
  [4, 32],
]

let passed = 0
let failed = 0
const tell = (name: string, problem: string | null, note = ''): void => {
  if (problem === null) passed++
  else failed++
  console.log(
    `${problem === null ? 'equal  ' : 'DIFFERS'} ${name}${note === '' ? '' : ` · ${note}`}${problem === null ? '' : `: ${problem}`}`,
  )
}

try {
  for (const [shards, partitions] of layouts) await layout(shards, partitions)
} finally {
  rmSync(root, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** One import, folded in copies of the store. */
async function layout(shards: number, partitions: number): Promise<void> {
  const imported = join(root, 'imported')
  const task = { directory: imported, rows, partitions, shards, pageRows: 4096 }
  const made = await runScript(child, [JSON.stringify(task)])
  if (made.code !== 0) return tell(`import at ${shards} shards, ${partitions} partitions`, lastWords(made))
  for (const pageRows of [64, 4096]) {
    for (const dieAt of [undefined, 0.2 + 0.6 * Math.random()]) {
      const name = `${shards} shards, ${String(partitions).padStart(2)} partitions, pages of ${pageRows}`
      const directory = join(root, 'folded')
      cpSync(imported, directory, { recursive: true })
      let note = ''
      if (dieAt !== undefined) {
        const killed = await runScript(child, [JSON.stringify({ ...task, directory, pageRows, dieAt })])
        note = killed.signal === 'SIGKILL' ? `killed at row ${killed.stdout}` : `NOT killed: ${lastWords(killed)}`
        if (killed.signal !== 'SIGKILL') failed++
      }
      tell(name, await foldAndCompare(directory, pageRows), note)
      rmSync(directory, { recursive: true })
    }
  }
  rmSync(imported, { recursive: true })
}

async function foldAndCompare(directory: string, pageRows: number): Promise<string | null> {
  const out = join(root, 'out')
  const words = ['--data', directory, '--keep', '--limit', String(rows), '--page-rows', String(pageRows), '--export', out]
  const run = await startFlights(words)
  if (run.code !== 0) return lastWords(run)
  if (/^import /m.test(run.stderr)) return 'it was imported again'
  const difference = differenceFrom(answer, out)
  rmSync(out, { recursive: true })
  return difference
}

function lastWords({ code, signal, stderr }: Ended): string {
  return `ended with ${signal ?? code}: ${stderr.trim().split('\n').slice(-3).join(' | ')}`
}
