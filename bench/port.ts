/** The boundary between a router and a shard's thread, without a disk behind it: requests a second and round trips; against postMessage. */
import { Worker } from 'node:worker_threads'
import { createPort } from '../actors/port.ts'
import { RingSender } from '../actors/ring-sender.ts'
import { systemClock } from '../event/clock.ts'
import { TextHash } from '../event/hash.ts'
import { siblingModule } from '../event/module-url.ts'
import { RequestBuilder } from '../event/request.ts'
import { loadAverage } from './machine.ts'
import { type Echo, messageEcho } from './message-echo.ts'
import { benchOptions, wanted } from './options.ts'
import { orderBytes } from './payload.ts'
import { percentiles, report, say } from './report.ts'

const secondsDefault = 3
const samplesMax = 200_000
const ringBytes = 1 << 23
const requestsMax = 1 << 14
const transferBytesMax = 64 * 1024 * 1024

/** A closed loop of `outstanding` requests of `events` events each; the other thread answers what it reads. */
async function portEcho(events: number, outstanding: number, seconds: number): Promise<Echo & { requestBytes: number }> {
  const data = createPort({ ringBytes, requests: requestsMax })
  const worker = new Worker(siblingModule(import.meta.url, './port-thread'), { workerData: data })
  const exited = new Promise(resolve => worker.once('exit', resolve))
  const sender = new RingSender(data, { post: buffer => worker.postMessage(buffer, [buffer]), transferBytesMax })
  const payloads = orderBytes(events).map(event => event.data)
  const builder = new RequestBuilder()
  const hash = new TextHash(1, 2)
  const sentAt = new Float64Array(requestsMax)
  const times: number[] = []
  let [request, inFlight, answered, requestBytes] = [0, 0, 0, 0]

  const send = (): void => {
    builder.clear()
    const stream = builder.stream('order-1', hash)
    const type = builder.type('order.accepted')
    for (let i = 0; i < events; i++) builder.add(stream, type, 0, payloads[i] as Uint8Array, null, request + i)
    const sealed = builder.seal()
    requestBytes = sealed.bytes
    sentAt[request & (requestsMax - 1)] = systemClock.monotonic()
    sender.send(builder, sealed, {
      request: request++,
      partition: 0,
      durability: 0,
      expected: -1,
      firstStamp: request,
      producerSequence: 0,
    })
    inFlight++
  }
  const begun = systemClock.monotonic()
  const end = begun + seconds * 1000
  for (let now = begun; now < end || inFlight > 0;) {
    while (now < end && inFlight < outstanding && sender.room() > 0) send()
    await sender.changed(100)
    now = systemClock.monotonic()
    sender.drain(number => {
      inFlight--
      answered++
      if (times.length < samplesMax) times.push(now - (sentAt[number & (requestsMax - 1)] as number))
    })
  }
  const elapsedMs = systemClock.monotonic() - begun
  sender.stop()
  await exited
  return { requestsPerSecond: (answered * 1000) / elapsedMs, roundTripMs: percentiles(times), requestBytes }
}

const options = benchOptions()
const seconds = options.seconds ?? secondsDefault
for (const events of [1, 100, 1000]) {
  for (const outstanding of events === 1 ? [1, 64, 4096] : [1, 64]) {
    const name = `requests of ${events}, ${outstanding} outstanding`
    if (!wanted(options, name)) continue
    say(`port: ${name}`)
    const own = await portEcho(events, outstanding, seconds)
    const baseline = await messageEcho({ requestBytes: own.requestBytes, outstanding, seconds })
    report({
      bench: 'port',
      case: name,
      value: own.requestsPerSecond,
      unit: 'requests/s',
      baseline: { name: 'postMessage of a buffer that is sent back, without building a request', value: baseline.requestsPerSecond },
      eventsPerSecond: own.requestsPerSecond * events,
      roundTripMs: own.roundTripMs,
      baselineRoundTripMs: baseline.roundTripMs,
      requestBytes: own.requestBytes,
      load: loadAverage(),
    })
  }
}
