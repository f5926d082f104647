/**
 * `npm run soak:flip`: flips a bit, cuts, or zeroes a page of any file of a store, again and again (`--flips N`). Each harm must be noticed and
 * named, or have hit bytes that no reader uses (everything reads as it was written), or a tail younger than the witness.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FlipRun, type Harmed } from './flip-run.ts'

const { values } = parseArgs({ options: { flips: { type: 'string', default: '10000' } } })
const flips = Number(values.flips)
const root = mkdtempSync(join(tmpdir(), 'allsource-flip-'))
const classes = ['refused', 'named', 'unread', 'folded again', 'young', 'wrong'] as const
const table = new Map<string, Map<string, number>>()
const naming = { file: 0, database: 0, neither: 0 }
const wrong: Harmed[] = []
/** One of each kind that was noticed without saying where. */
const unnamed = new Map<string, string>()

const run = new FlipRun(root)
await run.make()
for (let done = 1; done <= flips; done++) {
  const harmed = await run.one()
  const { harm, look, names } = harmed
  const row = table.get(harm.kind) ?? new Map<string, number>()
  table.set(harm.kind, row.set(look.class, (row.get(look.class) ?? 0) + 1))
  if (look.class === 'refused' || look.class === 'named') naming[names]++
  if ((look.class === 'refused' || look.class === 'named') && names === 'neither') unnamed.set(harm.kind, look.words)
  if (look.class === 'wrong') {
    wrong.push(harmed)
    console.log(`WRONG ${harm.store} ${harm.file}: ${harm.how} at ${harm.at}: ${look.words}`)
  }
  if (done % 100 === 0) console.log(`${done} harms, ${wrong.length} wrong, ${Math.round(performance.now() / 1000)} s`)
}
const ended = await run.end()
if (!ended) console.log('WRONG: the process that looked does not end')

console.log(`\n${'file'.padEnd(20)}${classes.map(name => name.padStart(14)).join('')}`)
for (const [kind, row] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(`${kind.padEnd(20)}${classes.map(name => String(row.get(name) ?? 0).padStart(14)).join('')}`)
}
console.log(`\nnoticed harms name the file in ${naming.file}, its database in ${naming.database}, neither in ${naming.neither}`)
for (const [kind, words] of unnamed) console.log(`  ${kind}: ${words}`)
const failed = wrong.length + (ended ? 0 : 1)
if (wrong.length === 0) rmSync(root, { recursive: true, force: true })
else console.log(`harmed stores are kept in ${root}`)
console.log(`${flips - wrong.length} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
