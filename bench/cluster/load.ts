/** What a node of the bench's cluster appends: a closed loop of batches or of single events, a paced one, and probes of partitions. */
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { EventStore } from '../../event/event-store.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { streamName } from '../fill.ts'
import { cpuMeter, type CpuShare } from '../machine.ts'
import { orderBytes, type OrderBytesEvent } from '../payload.ts'
import { type Percentiles, percentiles } from '../report.ts'

export interface LoadAsk {
  readonly streams: number
  /** Events of a request, all of one stream. */
  readonly perRequest: number
  /** Requests under way: as many clients that each wait for their answer. Of a paced load: at most. */
  readonly outstanding: number
  readonly seconds: number
  /** Before the clock starts. */
  readonly warmSeconds: number
  /** Requests are sent at this rate, whatever is answered, and timed from when they were due. */
  readonly requestsPerSecond?: number
}

export interface LoadResult extends CpuShare {
  /** Acknowledged behind the warm-up, until the last answer. */
  readonly events: number
  readonly seconds: number
  readonly requestMs: Percentiles
  /** Requests that were refused or whose outcome is unknown, by code. */
  readonly failed: Readonly<Record<string, number>>
}

const DISTINCT_EVENTS = 20_000
/** Shares no factor with the numbers of streams, so that neighbours are far apart. */
const STRIDE = 61_803
const LATENCIES_MAX = 500_000
const BUSY_PAUSE_MS = 1

/** A pause that keeps the process alive. */
export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export async function runLoad(store: EventStore, ask: LoadAsk): Promise<LoadResult> {
  const { streams, perRequest, outstanding, seconds, warmSeconds, requestsPerSecond } = ask
  const pool = orderBytes(DISTINCT_EVENTS, 'json')
  const requests: (OrderBytesEvent | OrderBytesEvent[])[] =
    perRequest === 1
      ? pool
      : Array.from({ length: Math.floor(DISTINCT_EVENTS / perRequest) }, (_, at) => pool.slice(at * perRequest, (at + 1) * perRequest))
  const names = Array.from({ length: streams }, (_, number) => streamName(number))
  const latencies: number[] = []
  const failed: Record<string, number> = {}
  const begun = systemClock.monotonic()
  const [warm, end] = [begun + warmSeconds * 1000, begun + (warmSeconds + seconds) * 1000]
  let [sent, events] = [0, 0]
  let cpu = cpuMeter(systemClock.monotonic)
  let isWarm = false

  const lane = async (): Promise<void> => {
    for (;;) {
      const place = sent++
      const due = requestsPerSecond === undefined ? systemClock.monotonic() : begun + (place * 1000) / requestsPerSecond
      if (due > end) return
      const early = due - systemClock.monotonic()
      if (early > 0) await pause(early)
      const stored = await appended(place)
      const now = systemClock.monotonic()
      if (now < warm) continue
      if (!isWarm) [isWarm, cpu] = [true, cpuMeter(systemClock.monotonic)]
      if (!stored) continue
      events += perRequest
      if (latencies.length < LATENCIES_MAX) latencies.push(now - due)
    }
  }

  const appended = async (place: number): Promise<boolean> => {
    for (;;) {
      try {
        await store.appendToStream(names[(place * STRIDE) % streams]!, requests[place % requests.length]!)
        return true
      } catch (error) {
        if (!(error instanceof EventStoreError)) throw error
        if (error.code !== 'BUSY') {
          failed[error.code] = (failed[error.code] ?? 0) + 1
          return false
        }
        await pause(BUSY_PAUSE_MS)
      }
    }
  }

  await Promise.all(Array.from({ length: outstanding }, lane))
  const measured = (systemClock.monotonic() - warm) / 1000
  return { events, seconds: measured, requestMs: percentiles(latencies), failed, ...cpu() }
}

export interface ProbeAsk {
  readonly partitions: readonly number[]
  readonly partitionsTotal: number
  readonly everyMs: number
}

/** Times are milliseconds since the epoch, so that processes can compare them. */
export interface ProbeResult {
  readonly sent: number
  readonly acknowledged: number
  readonly failed: Readonly<Record<string, number>>
  readonly appendMs: Percentiles
}

/** Appends one event to each partition at a steady pace, whatever becomes of the last one. */
export class Probes {
  readonly #store: EventStore
  readonly #streams: ReadonlyMap<number, string>
  readonly #timer: NodeJS.Timeout
  readonly #acknowledged: { readonly partition: number; readonly begun: number; readonly ended: number }[] = []
  readonly #open = new Set<Promise<void>>()
  readonly #failed: Record<string, number> = {}
  #sent = 0

  constructor(store: EventStore, { partitions, partitionsTotal, everyMs }: ProbeAsk) {
    this.#store = store
    this.#streams = new Map(partitions.map(partition => [partition, streamIn(partition, partitionsTotal)]))
    this.#timer = setInterval(() => {
      for (const [partition, stream] of this.#streams) this.#probe(partition, stream)
    }, everyMs)
  }

  #probe(partition: number, stream: string): void {
    const begun = systemClock.now()
    this.#sent++
    const one = this.#store.appendToStream(stream, { type: 'probe', data: { begun } }).then(
      () => void this.#acknowledged.push({ partition, begun, ended: systemClock.now() }),
      (error: unknown) => {
        const code = error instanceof EventStoreError ? error.code : String(error)
        this.#failed[code] = (this.#failed[code] ?? 0) + 1
      },
    )
    this.#open.add(one)
    void one.finally(() => this.#open.delete(one))
  }

  /** When each partition first acknowledged an append that began behind `since`; null while one has not. */
  firstAfter(since: number): number[] | null {
    const first = new Map<number, number>()
    for (const { partition, begun, ended } of this.#acknowledged)
      if (begun > since) first.set(partition, Math.min(ended, first.get(partition) ?? Number.POSITIVE_INFINITY))
    return first.size === this.#streams.size ? [...first.values()] : null
  }

  /** Waits for all answers. */
  async stop(): Promise<ProbeResult> {
    clearInterval(this.#timer)
    await Promise.all(this.#open)
    const appendMs = percentiles(this.#acknowledged.map(({ begun, ended }) => ended - begun))
    return { sent: this.#sent, acknowledged: this.#acknowledged.length, failed: this.#failed, appendMs }
  }
}

/** A stream that lies in a partition. */
function streamIn(partition: number, partitions: number): string {
  for (let number = 0; ; number++) if (partitionOf(`probe-${number}`, partitions) === partition) return `probe-${number}`
}
