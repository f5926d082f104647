/** What a subject of JetStream is asked: an append under the condition of its last sequence, and what it holds last. */
import type { StoredMsg } from '@nats-io/jetstream'
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers as natsHeaders, type MsgHdrs } from '@nats-io/transport-node'
import { EventStoreError } from '../event/error.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { type LogAppend, MESSAGE_BYTES } from './shared-log.ts'

export interface Place {
  readonly stream: string
  readonly subject: string
}

/** `wrong last sequence: N`, and the same without a number: an append to the subject is under way, or its leader still thinks so. */
const CONFLICTS: ReadonlySet<number> = new Set([10071, 10164])
const NO_MESSAGE = 10037

interface Ack {
  readonly stream?: string
  readonly seq?: number
  readonly error?: { readonly err_code: number; readonly description: string }
}

/** Appends all messages or none, if the subject's last sequence is `after`. Never throws. */
export async function appendTo(connection: Connection, place: Place, after: number, messages: readonly Uint8Array[]): Promise<LogAppend> {
  if (messages.length === 0) return { kind: 'unknown', reason: 'an append of no messages' }
  if (messages.some(message => message.length > MESSAGE_BYTES)) return { kind: 'unknown', reason: `a message above ${MESSAGE_BYTES} bytes` }
  try {
    return outcome(place, await connection.whileConnected(() => send(connection, place.subject, after, messages)))
  } catch (error) {
    return { kind: 'unknown', reason: reasonOf(error) }
  }
}

/** Several messages are one atomic batch: the stream's leader keeps them aside until the last one comes, which says that it is the last. */
async function send(connection: Connection, subject: string, after: number, messages: readonly Uint8Array[]): Promise<Ack> {
  const { nats, clock, timeoutMs } = connection
  const batch = messages.length === 1 ? '' : Buffer.from(clock.random(16)).toString('hex')
  const end = messages.length - 1
  const headersOf = (index: number): MsgHdrs => {
    const headers = natsHeaders()
    // Only the first may have it: a second condition on a subject that the batch has written to is refused.
    if (index === 0) headers.set('Nats-Expected-Last-Subject-Sequence', String(after))
    if (batch === '') return headers
    headers.set('Nats-Batch-Id', batch)
    headers.set('Nats-Batch-Sequence', String(index + 1))
    if (index === end) headers.set('Nats-Batch-Commit', '1')
    return headers
  }
  for (let index = 0; index < end; index++) nats.publish(subject, messages[index]!, { headers: headersOf(index) })
  const answer = await nats.request(subject, messages[end]!, { headers: headersOf(end), timeout: timeoutMs })
  return answer.json<Ack>()
}

function outcome({ stream }: Place, ack: Ack): LogAppend {
  if (ack.error !== undefined) {
    if (CONFLICTS.has(ack.error.err_code)) return { kind: 'conflict' }
    return { kind: 'unknown', reason: `${ack.error.description} (${ack.error.err_code})` }
  }
  if (ack.stream !== stream || typeof ack.seq !== 'number') {
    return { kind: 'unknown', reason: `an answer of the stream ${String(ack.stream)}, not of ${stream}` }
  }
  return { kind: 'committed', sequence: ack.seq }
}

/** The last message of a subject, from the stream's leader; null when there is none. Throws UNREACHABLE. */
export async function lastOf(connection: Connection, { stream, subject }: Place): Promise<StoredMsg | null> {
  return answered(connection, `last of ${subject}`, async () => {
    try {
      return await connection.jetstream.streams.getMessage(stream, { last_by_subj: subject })
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return null
      throw error
    }
  })
}

/** Calls until there is an answer; a refusal of JetStream, which no caller of ours knows, becomes UNREACHABLE. */
export async function answered<T>(connection: Connection, what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await connection.untilAnswered(what, call)
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error
    throw new EventStoreError('UNREACHABLE', `NATS refuses (${what}): ${reasonOf(error)}`, { natsCode: error.code })
  }
}
