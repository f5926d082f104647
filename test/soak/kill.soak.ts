/**
 * `npm run soak:kill`: kill -9 with more than a thousand appends in flight, again and again (`--cycles N`), at random moments of opening,
 * appending, sealing, commanding and closing. After each the store is opened and must hold all that was acknowledged, in order, once, as it was sent;
 * on every third store two topologies run, which must have come to the same as plain loops over the log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { KillRun } from './kill-run.ts'

const { values } = parseArgs({ options: { cycles: { type: 'string', default: '1000' }, 'on-store': { type: 'string', default: '8' } } })
const cycles = Number(values.cycles)
/** A store is used for so many cycles, so that reading all of it stays short. */
const onStore = Number(values['on-store'])
const root = mkdtempSync(join(tmpdir(), 'allsource-kill-'))
// Threads and victims start in half the time when sources are compiled once; threads that end in peace write it down.
process.env['NODE_COMPILE_CACHE'] ??= join(root, 'compiled')
let failed = 0
let acknowledged = 0
let repeatedStored = 0
const folded = { windows: 0, late: 0, big: 0, dead: 0 }
const outcome = { rows: 0, events: 0, letters: 0, replays: 0, hooks: 0, commands: 0 }
const fell = new Map<string, number>()

for (let done = 0, store = 0; done < cycles; store++) {
  const directory = join(root, `store-${store}`)
  const run = new KillRun(directory, { withTopology: store % 3 === 0, durability: store % 4 === 3 ? 'os' : 'disk' })
  let whole = true
  for (let cycle = 0; whole && cycle < onStore && done < cycles; cycle++, done++) {
    const { place, wrong } = await run.cycle()
    fell.set(place, (fell.get(place) ?? 0) + 1)
    if (wrong.length > 0) {
      failed++
      whole = false
      console.log(`cycle ${done + 1}, killed ${place}, kept in ${directory}:\n  ${wrong.slice(0, 20).join('\n  ')}`)
    }
    if ((done + 1) % 50 === 0) console.log(`${done + 1} kills, ${acknowledged + run.judge.acknowledgements} acknowledged, ${failed} failed`)
  }
  await run.end()
  acknowledged += run.judge.acknowledgements
  repeatedStored += run.judge.repeatedStored
  for (const what of ['windows', 'late', 'big', 'dead'] as const) folded[what] += run.folded[what]
  for (const what of ['rows', 'events', 'letters', 'replays', 'hooks'] as const) outcome[what] += run.outcome[what]
  outcome.commands += run.told.commands
  if (whole) rmSync(directory, { recursive: true, force: true })
}

console.log('\nwhere the kills fell')
for (const [place, count] of [...fell].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${String(count).padStart(6)}  ${place}`)
console.log(
  `\n${acknowledged} requests acknowledged; ${repeatedStored} were stored before a kill but not answered, and sent again after it`,
)
console.log(
  `topologies: ${folded.windows} windows closed, ${folded.late} rows late, ${folded.big} sent on, ${folded.dead} dead letters, as in a replay from scratch`,
)
console.log(
  `of the file: ${outcome.commands} commands answered; ${outcome.rows} rows of projections, ${outcome.events} events, ${outcome.letters} letters, ` +
    `${outcome.replays} of them replayed, ${outcome.hooks} requests, as in plain loops`,
)
if (failed === 0) rmSync(root, { recursive: true, force: true })
console.log(`${cycles - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
