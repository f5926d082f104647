/** The baseline of the worker boundary: requests as transferred buffers by postMessage, answered by sending them back. */
import { once } from 'node:events'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { systemClock } from '../event/clock.ts'
import { type Percentiles, percentiles } from './report.ts'

export interface Echo {
  readonly requestsPerSecond: number
  readonly roundTripMs: Percentiles
}

export interface EchoOptions {
  readonly requestBytes: number
  readonly outstanding: number
  readonly seconds: number
}

const samplesMax = 200_000
const echoes = 'message-echo'

/** A closed loop of `outstanding` requests for some seconds. */
export async function messageEcho({ requestBytes, outstanding, seconds }: EchoOptions): Promise<Echo> {
  const worker = new Worker(new URL(import.meta.url), { workerData: echoes })
  const request = new Uint8Array(requestBytes).fill(97)
  const sentAt: number[] = []
  const times: number[] = []
  let [first, answered, inFlight] = [0, 0, 0]
  const begun = systemClock.monotonic()
  const end = begun + seconds * 1000
  const send = (buffer: ArrayBuffer): void => {
    // The copy is part of it: a request is written into the buffer that crosses.
    new Uint8Array(buffer).set(request)
    sentAt.push(systemClock.monotonic())
    inFlight++
    worker.postMessage(buffer, [buffer])
  }
  await new Promise<void>(resolve => {
    worker.on('message', (buffer: ArrayBuffer) => {
      const now = systemClock.monotonic()
      inFlight--
      answered++
      if (times.length < samplesMax) times.push(now - (sentAt[first] as number))
      first++
      if (now < end) send(buffer)
      else if (inFlight === 0) resolve()
    })
    for (let i = 0; i < outstanding; i++) send(new ArrayBuffer(requestBytes))
  })
  const elapsedMs = systemClock.monotonic() - begun
  worker.postMessage(null)
  await once(worker, 'exit')
  return { requestsPerSecond: (answered * 1000) / elapsedMs, roundTripMs: percentiles(times) }
}

if (workerData === echoes) {
  parentPort?.on('message', (buffer: ArrayBuffer | null) => {
    if (buffer === null) parentPort?.close()
    else parentPort?.postMessage(buffer, [buffer])
  })
}
