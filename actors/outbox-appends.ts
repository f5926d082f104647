/** Appends requests of outboxes: their events were checked where they were made, so their bytes go on as they are. */
import { DUPLICATE, errorOf, KEY_CLAIMED, type Outcome, STORED, unknownOutcome } from '../event/outcome.ts'
import { EventStoreError } from '../event/error.ts'
import type { AppendOptions } from '../event/event-store.ts'
import { RequestBuilder } from '../event/request.ts'
import { DEFAULT_SCOPE, scopedText } from '../event/scope.ts'
import type { OutboxAnswer } from './outbox-sender.ts'
import { eventsOf, type OutboxEvent, type OutboxRequest, placesOf } from './outbox-request.ts'
import type { Router } from './router.ts'

const ANY_VERSION = -1

export class OutboxAppends {
  readonly #router: Router
  readonly #builder = new RequestBuilder()

  constructor(router: Router) {
    this.#router = router
  }

  readonly append = async (request: OutboxRequest): Promise<OutboxAnswer> => {
    const { keyed, closed, figures } = this.#router
    if (closed) throw closed
    const { scope = DEFAULT_SCOPE, streams, partition } = request
    if (streams.some(stream => keyed.concerns(scope + stream, partition))) return this.#appendRuns(request)
    try {
      return await this.#send(request)
    } catch (error) {
      figures.refused(error as Error)
      throw error
    }
  }

  #send(request: OutboxRequest): Promise<OutboxAnswer> {
    const { scope = DEFAULT_SCOPE, partition, producer, number } = request
    this.#build(request)
    const about = {
      partition,
      events: this.#builder.events,
      durability: this.#router.durabilityOf(undefined),
      expected: ANY_VERSION,
      producer: scopedText(scope, producer),
      producerSequence: number,
    }
    return new Promise((resolve, reject) => {
      this.#router.sendMade(this.#builder, about, outcome => {
        const answer = answerOf(request, outcome)
        if (typeof answer === 'string') resolve(answer)
        else reject(answer)
      })
    })
  }

  #build(request: OutboxRequest): void {
    const { scope = DEFAULT_SCOPE, bytes, types, streams } = request
    const { streamHash } = this.#router.options
    const builder = this.#builder
    builder.clear()
    const numbers = streams.map(stream => builder.stream(scope + stream, streamHash))
    let index = 0
    for (const { stream, type, encoding, extrasAt, dataAt, end } of placesOf(request)) {
      const extras = extrasAt === dataAt ? null : bytes.subarray(extrasAt, dataAt)
      builder.add(numbers[stream]!, builder.type(types[type]!), encoding, bytes.subarray(dataAt, end), extras, index++)
    }
  }

  /** Streams for which keys were claimed may lie in other partitions: each run of events of a stream goes by itself, under its own number. */
  async #appendRuns(request: OutboxRequest): Promise<OutboxAnswer> {
    const writer = { scope: request.scope ?? DEFAULT_SCOPE, isSystem: true }
    let answer: OutboxAnswer = 'duplicate'
    for (const { stream, events, number } of runsOf(request)) {
      const options: AppendOptions = { producer: request.producer, producerSequence: number }
      const { duplicate } = await this.#router.append(stream, events, options, writer)
      if (duplicate !== true) answer = 'stored'
    }
    return answer
  }
}

function answerOf({ streams, partition }: OutboxRequest, outcome: Outcome | null): OutboxAnswer | EventStoreError {
  const stream = streams[0]!
  if (outcome === null) return unknownOutcome(stream)
  if (outcome.status === STORED) return 'stored'
  if (outcome.status === DUPLICATE) return 'duplicate'
  // The next try knows of it.
  if (outcome.status === KEY_CLAIMED) return new EventStoreError('BUSY', 'a stream was just given a partition key; try again', { stream })
  return errorOf(outcome, { stream, expected: 'any', partition })
}

interface StreamRun {
  readonly stream: string
  readonly events: Omit<OutboxEvent, 'stream'>[]
  /** Of its last event. */
  number: number
}

function runsOf(request: OutboxRequest): StreamRun[] {
  const runs: StreamRun[] = []
  for (const [index, { stream, ...event }] of eventsOf(request).entries()) {
    let run = runs.at(-1)
    if (run?.stream !== stream) runs.push((run = { stream, events: [], number: 0 }))
    run.events.push(event)
    run.number = request.first + index
  }
  return runs
}
