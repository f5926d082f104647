/** A shard whose commits a test holds in its hand: memory underneath, router and reads above, all in this thread. */
import { LocalPort } from '../../actors/local-port.ts'
import { Router } from '../../actors/router.ts'
import { type Commit, commitToDisk, type CommitResult, ShardActor } from '../../actors/shard.ts'
import { type Limits, limitsWith } from '../../event/limits.ts'
import { StampClock } from '../../event/stamp.ts'
import { EventLog } from '../../runtime/event-log.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import type { WriteBatch } from '../../store/key-value.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { LogView } from '../../store/log/log-view.ts'
import { hashesOf, openShard } from '../../store/log/open-shard.ts'
import { SharedShard, tailSizeFor } from '../../store/log/shared.ts'
import { openMemory } from '../../store/memory.ts'
import * as assert from 'uvu/assert'
import { all, refused, versions } from '../contract/event-store/scene.ts'
import type { NewEvent } from '../../event/event.ts'

const STEPS_MAX = 100_000
const storeId = '0123456789abcdef'

/** One call of the commit. */
export interface Call {
  readonly sync: boolean
  /** Writes what was to be written. */
  write(): CommitResult
}

export interface ShardScene {
  readonly log: EventLog
  readonly router: Router
  readonly actor: ShardActor
  readonly port: LocalPort
  /** All commits so far. */
  readonly calls: Call[]
  /** What the next commits do; without it they write. */
  commit: ((call: Call) => CommitResult | Promise<CommitResult>) | null
  reopened: number
}

export function shardScene(
  options: { partitions?: number; durability?: 'memory' | 'os' | 'disk'; limits?: Partial<Limits> } = {},
): ShardScene {
  const { partitions = 4, durability = 'os' } = options
  const limits = limitsWith({ segmentEntries: 64, ...options.limits })
  const kv = openMemory<ShardColumn>({ columns: { log: 'rising', index: 'scattered', meta: 'small' } })
  const shared = SharedShard.create({ shard: 0, shards: 1, partitions, tail: tailSizeFor(limits.segmentEntries, limits.requestEvents) })
  const open = (): ShardActor['log'] => openShard({ kv, shared, limits, storeId }).log
  const toDisk = commitToDisk(() => scene.actor.log)
  const commit: Commit = (batch: WriteBatch<ShardColumn>, { sync }) => {
    const call: Call = { sync, write: () => toDisk(batch, { sync }) as CommitResult }
    scene.calls.push(call)
    return scene.commit ? scene.commit(call) : call.write()
  }
  let running = false
  let steps = 0
  const run = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      for (;;) {
        if (++steps > STEPS_MAX) throw new Error('the actor never rests')
        const did = await scene.actor.step()
        router.drain(0)
        if (!did) return
        await new Promise(resolve => setImmediate(resolve))
      }
    } finally {
      running = false
    }
  }
  const port = new LocalPort({ bytesMax: limits.mailboxBytes, run: () => void run() })
  const horizon = new SharedHorizon()
  const router = new Router(1, { partitions, limits, streamHash: hashesOf(storeId).stream, stamps: new StampClock(), horizon, durability })
  const actor = new ShardActor({
    log: open(),
    source: port,
    answers: port,
    commit,
    durability,
    compression: 'none',
    reopen: () => {
      scene.reopened++
      return open()
    },
  })
  const view = new LogView({ shards: [{ kv, shared }], horizon, storeId, partitions, cacheBytes: 1 << 20 })
  const scene: ShardScene = {
    log: new EventLog({ view, router, limits, scope: () => '' }),
    router,
    actor,
    port,
    calls: [],
    commit: null,
    reopened: 0,
  }
  router.attach(0, port)
  return scene
}

/** A promise and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 12; n++) await new Promise(resolve => setImmediate(resolve))
}

/** What became of a promise so far. */
export function watched<T>(promise: Promise<T>): {
  state: 'pending' | 'answered' | 'refused'
  code: string | undefined
  answer: T | undefined
} {
  const seen = {
    state: 'pending' as 'pending' | 'answered' | 'refused',
    code: undefined as string | undefined,
    answer: undefined as T | undefined,
  }
  promise.then(
    answer => Object.assign(seen, { state: 'answered', answer }),
    (error: Error & { code?: string }) => Object.assign(seen, { state: 'refused', code: error.code ?? error.message }),
  )
  return seen
}

export const withId = (id: string): NewEvent => ({ type: 'a', data: 1, id })
export const read = async ({ log }: ShardScene, stream: string): Promise<number[]> => versions(await all(log.readStream(stream)))
/** Nothing of a stream shows, by whatever door. */
export async function unseen(scene: ShardScene, stream: string, id?: string): Promise<void> {
  assert.is(await scene.log.streamVersion(stream), 0)
  await refused(() => all(scene.log.readStream(stream)), 'STREAM_NOT_FOUND')
  assert.equal(
    (await all(scene.log.readAll())).filter(event => event.stream === stream),
    [],
  )
  if (id !== undefined) await refused(() => scene.log.readEvent(id), 'NOT_FOUND')
}
