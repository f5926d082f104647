/** One thread of the plain-file baseline: requests to blocks as a partition makes them, then writev and fdatasync instead of a database. */
import { closeSync, fdatasyncSync, openSync, rmSync, writevSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../event/clock.ts'
import { TextHash } from '../event/hash.ts'
import { RequestBuilder, targetOf } from '../event/request.ts'
import { RequestView } from '../event/request-view.ts'
import { BlockBuilder } from '../store/log/block-builder.ts'
import { streamName } from './fill.ts'
import { orderBytes } from './payload.ts'
import type { PlainFileResult, PlainFileTask } from './plain-file.ts'

const eventsMade = 20_000
const fileBytesMax = 512 * 1024 * 1024

/** Requests of one stream each, as the router would send them. */
function requestsOf(perRequest: number): RequestView[] {
  const events = orderBytes(eventsMade)
  const hash = new TextHash(1, 2)
  const builder = new RequestBuilder()
  return Array.from({ length: Math.floor(eventsMade / perRequest) }, (_, at) => {
    builder.clear()
    const stream = builder.stream(streamName(at), hash)
    const type = builder.type('order.accepted')
    for (const { data } of events.slice(at * perRequest, (at + 1) * perRequest)) builder.add(stream, type, 0, data, null, builder.events)
    const sealed = builder.seal()
    const target = targetOf(new ArrayBuffer((sealed.bytes + 7) & ~7))
    builder.writeTo(target, 0, sealed, { request: at, partition: 0, durability: 2, expected: 0, firstStamp: at, producerSequence: 0 })
    return new RequestView().read(target, 0)
  })
}

/** Fills blocks from requests and hands full ones to `out`. */
class Blocks {
  readonly out: Uint8Array[] = []
  bytes = 0
  #crc = 0
  #sequence = 1
  readonly #builder = new BlockBuilder(0)
  readonly #compress: boolean

  constructor(compress: boolean) {
    this.#compress = compress
    this.#builder.begin(this.#sequence)
  }

  add(request: RequestView): void {
    const { words, bytes, streamTable: s } = request
    let start = request.payload
    for (let from = 0; from < request.events;) {
      if (this.#builder.full) this.seal()
      const stream = this.#builder.stream(words[s]!, words[s + 1]!, words[s + 2]!, bytes, request.names, words[s + 3]!)
      const type = this.#builder.type(bytes, request.names + words[s + 3]!, words[request.typeTable]!)
      const before = this.#builder.payloadBytes
      const added = this.#builder.addRun(request, from, start, { stream, type, firstVersion: from + 1, firstStamp: this.#sequence + from })
      start += this.#builder.payloadBytes - before
      from += added
    }
  }

  seal(): void {
    if (this.#builder.count === 0) return
    const block = this.#builder.seal(this.#crc, this.#compress)
    this.#crc = block.readUInt32LE(4)
    this.#sequence += this.#builder.count
    this.#builder.begin(this.#sequence)
    this.out.push(block)
    this.bytes += block.length
  }
}

const vectorsMax = 1000

function writeAll(file: number, parts: readonly Uint8Array[]): void {
  for (let at = 0; at < parts.length; at += vectorsMax) {
    const some = parts.slice(at, at + vectorsMax)
    const wanted = some.reduce((sum, part) => sum + part.length, 0)
    const written = writevSync(file, some)
    if (written !== wanted) throw new Error(`wrote ${written} of ${wanted} bytes`)
  }
}

function run({ path, seconds, compress, groupEvents, requestEvents }: PlainFileTask): PlainFileResult {
  const requests = requestsOf(requestEvents)
  const blocks = new Blocks(compress)
  let file = openSync(path, 'w')
  let [events, bytes, fileBytes, diskMs, next] = [0, 0, 0, 0, 0]
  const begun = systemClock.monotonic()
  while (systemClock.monotonic() < begun + seconds * 1000) {
    for (let group = 0; group < groupEvents; group += requestEvents, events += requestEvents)
      blocks.add(requests[next++ % requests.length] as RequestView)
    blocks.seal()
    const beforeDisk = systemClock.monotonic()
    writeAll(file, blocks.out)
    fdatasyncSync(file)
    diskMs += systemClock.monotonic() - beforeDisk
    bytes += blocks.bytes
    fileBytes += blocks.bytes
    blocks.out.length = 0
    blocks.bytes = 0
    if (fileBytes < fileBytesMax) continue
    closeSync(file)
    file = openSync(path, 'w')
    fileBytes = 0
  }
  const elapsedMs = systemClock.monotonic() - begun
  closeSync(file)
  rmSync(path)
  return { perSecond: (events * 1000) / elapsedMs, bytesPerSecond: (bytes * 1000) / elapsedMs, inDisk: diskMs / elapsedMs }
}

parentPort?.postMessage(run(workerData as PlainFileTask))
