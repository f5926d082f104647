/** Random topologies with random logs by number, and how each of them is cut into pages and lives. */
import { Chance, randomLog } from './random-logs.ts'
import { randomTopology } from './random-topologies.ts'
import { difference, plainShape, type Results, type RunShape, runTopology } from './random-runs.ts'
import { type Case, shrunk } from './random-shrink.ts'

/**
 * `forNode`: without steps that send requests, which a node would send, and without those that choose rows by their stamps, go by the clock or
 * show the envelope of events: two nodes that are given the same events stamp them at other times, so theirs are not the same log.
 */
export function randomCase(seed: number, { forNode = false }: { readonly forNode?: boolean } = {}): Case {
  const chance = new Chance(seed)
  const topology = randomTopology(chance, { without: forNode ? ['webhook', 'tap', 'foldInto', 'processingTime', 'every'] : [] })
  return {
    topology,
    log: randomLog(chance, { events: 20 + chance.below(chance.is(0.2) ? 500 : 150), stride: chance.oneOf([1, 5, 20, 60]) }),
  }
}

/**
 * Rows one by one; a few together, with lives that end at random barriers, each in another number of lanes; many, each page a life; one page with a
 * restart behind it.
 */
export function shapesFor(seed: number): readonly RunShape[] {
  return [
    { pageRows: 1, barriers: seed % 2 === 0 ? 0 : 1, restarts: 0, seed },
    { pageRows: 3, barriers: 0.2, restarts: 0.5, seed, lanes: [2, 1, 3], stateBytes: 500 },
    { pageRows: 7, barriers: 0.2, restarts: 0.5, seed, stateBytes: 500 },
    { pageRows: 64, barriers: 1, restarts: 1, seed, stateBytes: 2000 },
    { pageRows: 4096, barriers: 1, restarts: 1, seed },
    { pageRows: 4096, barriers: 0, restarts: 0, seed, lanes: [4] },
    { pageRows: 1, barriers: 0.1, restarts: 1, seed, lanes: [1, 4] },
  ]
}

/** What differs between a run in one page and others, or is wrong in it; undefined when all is well. */
export async function trouble(one: Case, shapes: readonly RunShape[]): Promise<string | undefined> {
  try {
    const whole: Results = await runTopology(one.topology, one.log, plainShape)
    const [broken] = whole['broken'] ?? []
    if (broken !== undefined) return broken
    for (const shape of shapes) {
      const differs = difference(whole, await runTopology(one.topology, one.log, shape))
      if (differs !== undefined) return `pages of ${shape.pageRows}${shape.lanes ? `, lanes ${shape.lanes.join()}` : ''}: ${differs}`
    }
    return undefined
  } catch (error) {
    return `thrown: ${String(error)}`
  }
}

/** The case and its trouble, made as small as they get, for people to read. */
export async function report(seed: number): Promise<string> {
  const whole = randomCase(seed)
  const shapes = await firstFailing(whole, shapesFor(seed))
  const small = await shrunk(whole, async one => (await trouble(one, shapes)) !== undefined)
  const rows = small.log.map(({ stream, type, data, encoding }) =>
    JSON.stringify([stream, type, encoding === 'json' ? Buffer.from(data).toString() : Buffer.from(data).toString('base64')]),
  )
  return [`seed ${seed}: ${await trouble(small, shapes)}`, JSON.stringify(small.topology), ...rows].join('\n')
}

/** One that fails is enough, and is tried often. */
async function firstFailing(one: Case, shapes: readonly RunShape[]): Promise<readonly RunShape[]> {
  for (const shape of shapes) if ((await trouble(one, [shape])) !== undefined) return [shape]
  return shapes
}
