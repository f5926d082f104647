/** Commits one record to the shared log, and finds out what became of it when the log does not say. */
import type { Clock } from '../event/clock.ts'
import { sleep, type Timers } from '../event/timers.ts'
import { pieceHead } from './record.ts'
import type { LogAppend, LogMessage, SharedLog } from './shared-log.ts'

export interface Commission {
  readonly partition: number
  /** Sequence in the shared log of the record it builds on. */
  readonly after: number
  readonly messages: readonly Uint8Array[]
  readonly index: number
  readonly crc: number
  /** Of the monotonic clock. */
  readonly deadlineMs: number
}

/**
 * `committed` at a sequence of the log. `overtaken`: somebody else has appended since; whether this record came before that is told by following.
 * `unknown`: it could not be found out in time.
 */
export type Commitment =
  | { readonly kind: 'committed'; readonly sequence: number }
  | { readonly kind: 'overtaken'; readonly last: LogMessage | null }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface CommitTools {
  readonly log: SharedLog
  readonly clock: Clock
  readonly timers: Timers
}

/** Waits before the log is asked again. */
const AGAIN_MS = 20

/**
 * A conflict or a missing answer says nothing: the log is known to refuse its only writer now and then, and what timed out may have landed. The last
 * message does. Appending again is safe, because the condition holds for one of the attempts at most.
 */
export async function commitRecord(tools: CommitTools, commission: Commission): Promise<Commitment> {
  const { log, clock, timers } = tools
  const { partition, after, messages, deadlineMs } = commission
  let reason = 'no answer'
  for (;;) {
    const answer = await within(tools, deadlineMs, log.append(partition, after, messages))
    if (answer?.kind === 'committed') return answer
    if (answer) reason = answer.kind === 'conflict' ? 'a conflict that could not be looked into' : answer.reason
    const last = await lastOf(tools, partition, deadlineMs)
    if (last !== undefined) {
      if (last && isOf(last, commission)) return { kind: 'committed', sequence: last.sequence }
      if ((last?.sequence ?? 0) !== after) return { kind: 'overtaken', last }
    }
    if (clock.monotonic() >= deadlineMs) return { kind: 'unknown', reason }
    await sleep(timers, AGAIN_MS)
  }
}

function isOf(message: LogMessage, { index, crc }: Commission): boolean {
  const head = pieceHead(message.bytes)
  return head.index === index && head.crc === crc
}

/** Undefined when nobody answers in time. */
async function lastOf(tools: CommitTools, partition: number, deadlineMs: number): Promise<LogMessage | null | undefined> {
  return within(
    tools,
    deadlineMs,
    tools.log.last(partition).catch(() => undefined),
  )
}

/** Undefined when it takes longer than until the deadline. */
function within<Answer extends LogAppend | LogMessage | null | undefined>(
  { clock, timers }: CommitTools,
  deadlineMs: number,
  asked: Promise<Answer>,
): Promise<Answer | undefined> {
  return new Promise(resolve => {
    const stop = timers.after(Math.max(0, deadlineMs - clock.monotonic()), () => resolve(undefined))
    void asked.then(answer => {
      stop()
      resolve(answer)
    })
  })
}
