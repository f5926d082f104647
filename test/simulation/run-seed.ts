/** One run of the simulator: a cluster, its weather and its clients from a seed, and everything that must hold of it. */
import { checkHistory } from './check-history.ts'
import { Client, type ClientOptions } from './clients.ts'
import { Followers } from './followers.ts'
import type { Operation } from './history.ts'
import { Violation } from './invariants.ts'
import { ownTime } from './own-time.ts'
import { Usurpers } from './usurpers.ts'
import { Weather } from './weather.ts'
import { World } from './world.ts'

export interface SeedOptions {
  readonly seed: number
  readonly trace?: ((line: string) => void) | undefined
}

export interface SeedResult {
  readonly seed: number
  /** What did not hold, a sentence each. */
  readonly wrong: readonly string[]
  readonly operations: readonly Operation[]
  readonly steps: number
  readonly virtualMs: number
}

const PARTITIONS = 4
const FAULTS_MS = 8_000
/** Everything that was asked is settled by then, and everything new succeeds. */
const HEALED_MS = 60_000
/** For so long it may not be known that a leader was another process, which takes with it what it was sent. */
const RESTARTED_MS = 5_000

export async function runSeed({ seed, trace }: SeedOptions): Promise<SeedResult> {
  const world = new World({ seed, nodes: 3, partitions: PARTITIONS, shards: seed % 2 === 0 ? 1 : 2, elects: true, trace })
  const operations: Operation[] = []
  const wrong: string[] = []
  const giveBack = ownTime(world.time)
  const { stackTraceLimit } = Error
  // Most errors of a run are refusals that are met again and again; their stacks cost more than all else.
  if (!trace) Error.stackTraceLimit = 0
  const failed = (error: unknown): void => {
    wrong.push(error instanceof Violation ? error.message : String((error as Error).stack))
  }
  process.on('unhandledRejection', failed)
  try {
    await run(world, operations, wrong)
  } catch (error) {
    failed(error)
  } finally {
    giveBack()
    Error.stackTraceLimit = stackTraceLimit
    process.off('unhandledRejection', failed)
  }
  for (const one of wrong) world.say(() => `WRONG: ${one}`)
  return { seed, wrong, operations, steps: world.time.steps, virtualMs: world.time.nowMs }
}

async function run(world: World, operations: Operation[], wrong: string[]): Promise<void> {
  const { random } = world
  const streams = Array.from({ length: 2 + random.below(5) }, (_, i) => `stream-${i}`)
  for (const machine of world.machines) world.start(machine)
  const usurpers = new Usurpers(
    world,
    random.pick([
      [100, 1_000],
      [500, 5_000],
    ] as const),
  )
  const weather = new Weather(world)
  const followers = new Followers(world)
  const versions = new Map<string, number>()
  const clients = Array.from({ length: 4 }, (_, i) => new Client(world, { number: i + 1, streams, operations, versions }))
  await world.until(() => wrong.length > 0, FAULTS_MS)
  if (wrong.length > 0) return
  weather.heal()
  usurpers.isPeace = true
  for (const client of clients) client.isOver = true
  const isQuiet = (): boolean => wrong.length > 0 || clients.every(client => !client.isBusy)
  if (!(await world.until(isQuiet, HEALED_MS))) throw new Violation('clients wait for ever, though everything is healed')
  await afterwards(world, { streams, operations, versions, wrong, followers })
  wrong.push(...checkHistory(operations))
}

interface Afterwards extends Omit<ClientOptions, 'number'> {
  readonly followers: Followers
  readonly wrong: string[]
}

/** Appends succeed, all is read once more, and all nodes come to hold the same. */
async function afterwards(world: World, about: Afterwards): Promise<void> {
  const { streams, wrong, followers } = about
  const last = new Client(world, { ...about, number: 99 })
  last.isOver = true
  const settled = async <Value>(what: string, promise: Promise<Value>): Promise<Value | undefined> => {
    let isOver = false
    void promise.then(() => {
      isOver = true
    })
    if (!(await world.until(() => isOver || wrong.length > 0, HEALED_MS)))
      throw new Violation(`${what} does not end, though everything is healed`)
    return wrong.length > 0 ? undefined : promise
  }
  const knownBy = world.time.nowMs + RESTARTED_MS
  for (const stream of streams) {
    const append = (): Promise<Operation['result'] | undefined> => settled(`an append to ${stream}`, last.append(stream))
    let result = await append()
    while (result === 'unknown' && world.time.nowMs < knownBy) result = await append()
    if (result === 'fail' || result === 'unknown')
      throw new Violation(`an append to ${stream} ends with ${result}, though everything is healed`)
    await settled(`a read of ${stream}`, last.read(stream, 'leader', 'final'))
  }
  const isSame = (): boolean => wrong.length > 0 || world.invariants.isSettled()
  if (!(await world.until(isSame, HEALED_MS)))
    throw new Violation(`nodes do not come to hold the same: ${world.invariants.behind().join(', ')}`)
  const isTold = (): boolean => wrong.length > 0 || followers.behind().length === 0
  if (!(await world.until(isTold, HEALED_MS))) throw new Violation(`not all is told in order: ${followers.behind().join(', ')}`)
  world.invariants.lookDeep()
}
