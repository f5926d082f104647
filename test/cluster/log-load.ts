/** Appends without pause to several partitions of a shared log, finds out what became of each append as a leader does, and keeps what must be there. */
import * as assert from 'uvu/assert'
import type { SharedLog } from '../../cluster/shared-log.ts'
import { collect } from '../contract/cluster/log-scene.ts'
import { bytes, pause, text, until } from '../contract/cluster/scene.ts'

export interface LogLoad {
  /** What must be there of each partition, in order. */
  readonly kept: ReadonlyMap<number, readonly string[]>
  /** Answers by kind, to show that there was trouble at all. */
  readonly answers: Readonly<Record<'committed' | 'conflict' | 'unknown', number>>
  /** Texts kept in the partition that has the fewest. */
  fewest(): number
  /** Ends it when the append under way has come to an end. Throws what a writer met. */
  stop(): Promise<void>
}

/** Each third append is a batch of three. Every partition has one writer, so whatever is found must be its own. */
export function loadLog(log: SharedLog, partitions: readonly number[]): LogLoad {
  const kept = new Map<number, string[]>(partitions.map(partition => [partition, []]))
  const answers = { committed: 0, conflict: 0, unknown: 0 }
  let isStopped = false

  const settle = async (partition: number, after: number, texts: readonly string[]): Promise<number> => {
    for (;;) {
      const answer = await log.append(partition, after, texts.map(bytes))
      answers[answer.kind]++
      if (answer.kind === 'committed') return answer.sequence
      const last = await lastWhenever(log, partition)
      if (last !== null && text(last.bytes) === texts.at(-1)) return last.sequence
      if ((last?.sequence ?? 0) !== after) {
        throw new Error(`${partition}: behind ${after} is ${last?.sequence} "${text(last!.bytes)}", which nobody wrote there`)
      }
    }
  }

  const run = async (partition: number): Promise<void> => {
    let after = 0
    for (let n = 0; !isStopped; n++) {
      const texts = n % 3 === 0 ? [`${partition}.${n}a`, `${partition}.${n}b`, `${partition}.${n}c`] : [`${partition}.${n}`]
      after = await settle(partition, after, texts)
      kept.get(partition)!.push(...texts)
      await pause(2)
    }
  }
  const running = Promise.all(partitions.map(run))
  // Seen when it is stopped; until then nobody waits for it.
  running.catch(() => undefined)
  return {
    kept,
    answers,
    fewest: () => Math.min(...[...kept.values()].map(texts => texts.length)),
    stop: async () => {
      isStopped = true
      await running
    },
  }
}

/** What a follower has must be what the writers know to be there, partition by partition. */
export async function sameInAll(load: LogLoad, follower: ReturnType<typeof collect>, reader: SharedLog): Promise<void> {
  const kept = [...load.kept.values()].flat()
  await until('the follower has all', () => follower.texts.length >= kept.length)
  const anew = collect(reader, [...load.kept.keys()])
  await until('a new follower has all', () => anew.texts.length >= kept.length)
  await Promise.all([follower.close(), anew.close()])
  for (const each of [follower, anew]) {
    assert.equal(each.faults, [])
    for (const [partition, texts] of load.kept) {
      const own = each.texts.filter(word => word.startsWith(`${partition}.`))
      assert.equal(own, texts)
    }
  }
}

/** Waits until every partition has some more. */
export async function grows(load: LogLoad, by: number): Promise<void> {
  const before = load.fewest()
  await until('appends are committed', () => load.fewest() >= before + by)
}

/** The last message; asked until the log answers. */
async function lastWhenever(log: SharedLog, partition: number): ReturnType<SharedLog['last']> {
  for (;;) {
    try {
      return await log.last(partition)
    } catch {
      await pause(50)
    }
  }
}
