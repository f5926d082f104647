/** Appends the flights over whichever node answers. Nothing is lost and nothing doubles: an append without an answer is made again as it was. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type ErrorCode, isEventStoreError, type RemoteTenant } from '../../client/index.ts'
import type { Batch, Flights } from './flights.ts'

/** Appends at a time, each of another stream. */
const lanes = 16
/** For one append, over all nodes. */
const patienceMs = 120_000
const pauseMs = 50

/** What says nothing against making the same append again, here or at another node. */
const passing: readonly ErrorCode[] = ['NOT_LEADER', 'UNKNOWN_OUTCOME', 'UNREACHABLE', 'BUSY', 'CLOSED']

export interface Imported {
  readonly seconds: number
  /** Answers that were no answer, by code. */
  readonly retries: Readonly<Record<string, number>>
  /** Of one append, from its first attempt to its answer. */
  readonly longestMs: number
}

export interface ImportOptions {
  readonly urls: readonly string[]
  /** Called with the events that are stored; the next append waits for it. */
  readonly stored: (events: number) => Promise<void>
}

export async function importFlights(flights: Flights, { urls, stored }: ImportOptions): Promise<Imported> {
  const begun = performance.now()
  const clients = urls.map(url => connect({ url, retry: { attempts: 1 }, timeoutMs: 15_000 }))
  const retries: Record<string, number> = {}
  const waiting = [...flights.streams.values()]
  let longestMs = 0
  let events = 0
  const lane = async (number: number): Promise<void> => {
    for (let stream = waiting.pop(); stream !== undefined; stream = waiting.pop()) {
      for (const batch of stream) {
        const sent = performance.now()
        await appendSurely(batch, { clients, first: number, failed: code => void (retries[code] = (retries[code] ?? 0) + 1) })
        longestMs = Math.max(longestMs, performance.now() - sent)
        events += batch.events.length
        await stored(events)
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
  await Promise.all(clients.map(client => client.close()))
  return { seconds: (performance.now() - begun) / 1000, retries, longestMs }
}

interface Ways {
  readonly clients: readonly RemoteTenant[]
  /** The node that is asked first. */
  readonly first: number
  readonly failed: (code: ErrorCode) => void
}

async function appendSurely({ stream, events, expectedVersion }: Batch, { clients, first, failed }: Ways): Promise<void> {
  const end = performance.now() + patienceMs
  for (let attempt = first; ; attempt++) {
    try {
      await clients[attempt % clients.length]!.appendToStream(stream, events, { expectedVersion })
      return
    } catch (error) {
      if (!isEventStoreError(error) || !passing.includes(error.code) || performance.now() > end) throw error
      failed(error.code)
      await sleep(pauseMs)
    }
  }
}
