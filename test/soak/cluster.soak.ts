/**
 * `npm run soak:cluster`: three nodes over three NATS servers, as processes, to which something happens in each cycle while clients append and read
 * (`--cycles N`, `--seed S`, `--faults kill,stop,…`, `--history FILE`). After each fault all partitions must be served within `--within` seconds; at
 * the end all nodes must have the same, and what clients were told must be linearizable. Faults that the machine does not allow are named and left out.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { historyText } from '../simulation/history.ts'
import { Random } from '../simulation/random.ts'
import { Clients } from './cluster-clients.ts'
import { type Fault, faults } from './cluster-faults.ts'
import { alive, heal, judgeFinals } from './cluster-judge.ts'
import { openScene, type Scene } from './cluster-scene.ts'
import type { World } from './cluster-world.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '300' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    history: { type: 'string' },
    within: { type: 'string', default: '15' },
    clients: { type: 'string', default: '6' },
    keep: { type: 'boolean', default: false },
  },
})
const cycles = Number(values.cycles)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const withinMs = Number(values.within) * 1000
/** Of what is wrong, told at the end. */
const SHOWN = 20

let [passed, failed] = [0, 0]
function tell(name: string, wrong: readonly string[], note = ''): void {
  if (wrong.length === 0) passed++
  else failed++
  console.log(`${wrong.length === 0 ? 'ok    ' : 'FAILED'} ${name}${note === '' ? '' : `: ${note}`}`)
  for (const line of wrong.slice(0, SHOWN)) console.log(`       ${line}`)
  if (wrong.length > SHOWN) console.log(`       and ${wrong.length - SHOWN} more`)
}

/** All of them before any comes again, in an order of the seed's. */
function* inTurn(chosen: readonly Fault[], random: Random): Generator<Fault, never> {
  for (;;) {
    const left = [...chosen]
    while (left.length > 0) yield left.splice(random.below(left.length), 1)[0]!
  }
}

function chosenFaults(scene: Scene): Fault[] {
  const names = values.faults?.split(',') ?? faults.map(({ name }) => name)
  const chosen = names.map(name => {
    const fault = faults.find(each => each.name === name)
    if (!fault) throw new Error(`no fault is named ${name}; there are ${faults.map(each => each.name).join(', ')}`)
    return fault
  })
  return chosen.filter(fault => {
    const missing = fault.missing(scene)
    if (missing !== null) console.log(`left out: ${fault.name} ${missing}`)
    return missing === null
  })
}

async function cycle(world: World, fault: Fault): Promise<{ note: string; wrong: string[] }> {
  const wrong: string[] = []
  let note = ''
  try {
    note = await fault.make(world)
  } catch (error) {
    wrong.push(String(error))
  }
  wrong.push(...(await heal(world.scene)))
  const from = performance.now()
  wrong.push(...(await alive(world.scene, world.clients, withinMs)))
  wrong.push(...world.clients.wrong.splice(0))
  return { note: `${note}; all served ${((performance.now() - from) / 1000).toFixed(1)} s after it`, wrong }
}

function percentile(sorted: readonly number[], share: number): string {
  const at = sorted[Math.ceil(share * sorted.length) - 1]
  return at === undefined ? 'none' : `${Math.round(at)} ms`
}

console.log(`seed ${seed}`)
const random = new Random(seed)
const scene = await openScene()
try {
  const turns = inTurn(chosenFaults(scene), random.fork())
  const clients = new Clients(scene.nodes, random.fork())
  const world: World = { scene, clients, random, failovers: [] }
  tell('all partitions are served', await alive(scene, clients, 60_000))
  clients.start(Number(values.clients))
  for (let number = 1; number <= cycles; number++) {
    const fault = turns.next().value
    await sleep(random.below(1000))
    const { note, wrong } = await cycle(world, fault)
    tell(`${number}. ${fault.name}`, wrong, note)
  }
  await clients.stop()
  const wrong = await judgeFinals(scene, clients)
  const operations = clients.history.length
  tell('the same on all nodes, and linearizable', wrong, `${operations} operations on ${clients.streams.length} streams`)
  for (const [what, count] of [...clients.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(count).padStart(8)} ${what}`)
  const sorted = world.failovers.toSorted((a, b) => a - b)
  console.log(
    `failover of ${sorted.length} partitions: p50 ${percentile(sorted, 0.5)}, p99 ${percentile(sorted, 0.99)}, most ${percentile(sorted, 1)}`,
  )
  if (values.history !== undefined) writeFileSync(values.history, historyText(clients.history))
} finally {
  await scene.close(values.keep && failed > 0)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
