/** What a sentence of the shared log's contract works with. */
import assert from 'node:assert/strict'
import type { FollowOptions, SharedLog } from '../../../cluster/shared-log.ts'
import { bytes, text } from './scene.ts'

export interface LogScene {
  readonly log: SharedLog
  readonly other: SharedLog
  /** A partition that nobody has written to. */
  readonly partition: () => number
  readonly open: () => Promise<SharedLog>
}

export type LogSentences = Readonly<Record<string, (scene: LogScene) => Promise<void>>>

/** An append that must be stored: a conflict that says nothing is looked into as a leader does, and an unknown one is made again. */
export async function committed(log: SharedLog, partition: number, after: number, messages: readonly Uint8Array[]): Promise<number> {
  for (;;) {
    const append = await log.append(partition, after, messages)
    if (append.kind === 'committed') return append.sequence
    const last = await log.last(partition)
    if (last !== null && last.sequence > after && text(last.bytes) === text(messages.at(-1)!)) return last.sequence
    assert.equal(last?.sequence ?? 0, after, 'somebody else wrote to the partition')
  }
}

/** Appends texts one after another; the answer is the sequence of the last. */
export async function write(log: SharedLog, partition: number, texts: readonly string[], after = 0): Promise<number> {
  let last = after
  for (const each of texts) last = await committed(log, partition, last, [bytes(each)])
  return last
}

/** Follows one or more partitions and keeps what came; a message that comes twice counts once, one that comes too late fails. */
export function collect(log: SharedLog, partitions: readonly number[], options: Partial<FollowOptions> = {}) {
  const texts: string[] = []
  const faults: string[] = []
  const highest = new Map<number, number>()
  const taken = new Set<string>()
  const following = log.follow({
    partitions,
    after: options.after ?? (() => 0),
    message: message => {
      const place = `${message.partition}:${message.sequence}`
      if (taken.has(place)) return undefined
      if (message.sequence < (highest.get(message.partition) ?? 0)) faults.push(`${place} came behind ${highest.get(message.partition)}`)
      if (!partitions.includes(message.partition)) faults.push(`${place} was not asked for`)
      taken.add(place)
      highest.set(message.partition, message.sequence)
      texts.push(text(message.bytes))
      return options.message?.(message)
    },
    ...(options.trouble === undefined ? {} : { trouble: options.trouble }),
  })
  return { texts, faults, close: () => following.close() }
}
