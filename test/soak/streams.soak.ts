/**
 * `npm run soak:streams`: random topologies on nodes that are killed at named points of epochs, exchanges, rescales and deploys, and at any moment, in
 * changing numbers of lanes (`--kills N`, from the number `--seed S` on). State, outputs, dead letters and counters must be those of an undisturbed
 * run in one lane.
 */
import { parseArgs } from 'node:util'
import { failPoints } from '../../event/fail-points.ts'
import { streamsRun } from './streams-run.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } } })
const wanted = Number(values.kills)
const besides = 2
const hits = new Map<string, number>()
let [seed, kills, passed, failed] = [Number(values.seed), 0, 0, 0]

async function runs(): Promise<void> {
  while (kills < wanted) {
    const run = await streamsRun(seed++)
    kills += run.kills
    for (const point of run.points) hits.set(point, (hits.get(point) ?? 0) + 1)
    if (run.trouble === undefined) passed++
    else {
      failed++
      console.log(`seed ${run.seed}, ${run.kills} kills (${run.points.join(', ')}): ${run.trouble}`)
    }
    if ((passed + failed) % 25 === 0) console.log(`${passed + failed} topologies, ${kills} kills, ${failed} failed`)
  }
}

await Promise.all(Array.from({ length: besides }, runs))
for (const point of failPoints) console.log(`${point}: ${hits.get(point) ?? 0} kills`)
console.log(`${passed + failed} topologies, ${kills} kills`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
