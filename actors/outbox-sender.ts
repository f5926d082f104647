/** Appends the outbox of an epoch that is durable: each lane in the order of its numbers, the lanes side by side. */
import { type ErrorCode, isEventStoreError } from '../event/error.ts'
import { failPoint } from '../event/fail-points.ts'
import { decodeRequest, oneByOne, type OutboxRequest } from './outbox-request.ts'

export type OutboxAnswer = 'stored' | 'duplicate'
export type AppendOutbox = (request: OutboxRequest) => Promise<OutboxAnswer>

/** Sending again after these can not hurt, because of the producer's number. */
const againCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BUSY', 'QUOTA', 'UNKNOWN_OUTCOME', 'NOT_LEADER', 'UNREACHABLE'])
const pauseFirstMs = 5
const pauseMaxMs = 500

export interface OutboxSenderOptions {
  readonly append: AppendOutbox
  /**
   * The topology is folded again from the start, so the log may hold the first events of any lane, cut into other requests than ours.
   * Each lane then goes one event at a time until one is stored that was not.
   */
  readonly isRepeating: boolean
  /** True once nobody waits for the answers any more. */
  isStopped(): boolean
}

export class OutboxSender {
  readonly #options: OutboxSenderOptions
  /** Lanes whose events are known to be new, when repeating. */
  readonly #caughtUp = new Set<string>()

  constructor(options: OutboxSenderOptions) {
    this.#options = options
  }

  /** Resolves when all are in the log; false when it was stopped before. Rejects with what no second try can mend. */
  async send(requests: readonly Uint8Array[]): Promise<boolean> {
    const lanes = Map.groupBy(requests.map(decodeRequest), ({ producer }) => producer)
    const sent = await Promise.all(Array.from(lanes.values(), lane => this.#sendLane(lane)))
    return sent.every(Boolean)
  }

  async #sendLane(lane: readonly OutboxRequest[]): Promise<boolean> {
    for (const request of lane) if (!(await this.#sendRequest(request))) return false
    return true
  }

  async #sendRequest(request: OutboxRequest): Promise<boolean> {
    const isNew = !this.#options.isRepeating || this.#caughtUp.has(request.producer)
    const rest = isNew ? [request] : oneByOne(request)
    for (const part of rest) {
      const answer = await this.#try(part)
      if (answer === null) return false
      if (answer === 'stored') this.#caughtUp.add(request.producer)
    }
    return true
  }

  async #try(request: OutboxRequest): Promise<OutboxAnswer | null> {
    for (let pauseMs = pauseFirstMs; !this.#options.isStopped(); pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      try {
        failPoint('outbox.sending')
        const answer = await this.#options.append(request)
        failPoint('outbox.sent')
        return answer
      } catch (error) {
        if (!isEventStoreError(error) || !againCodes.has(error.code)) throw error
      }
      await new Promise<void>(resolve => void setTimeout(resolve, pauseMs))
    }
    return null
  }
}
