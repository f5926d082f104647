/** Threads of the race: one writes rows that prove themselves, the others look them up and say what does not fit. */
import { parentPort, workerData } from 'node:worker_threads'
import { WRITTEN } from '../../../store/hot/layout.ts'
import { SlabReader } from '../../../store/hot/slab-reader.ts'
import { SlabWriter } from '../../../store/hot/slab-writer.ts'
import { encodeRowKey, RowKey } from '../../../store/row-key.ts'

export interface RaceData {
  readonly role: 'writer' | 'reader'
  readonly slabs: readonly SharedArrayBuffer[]
  readonly keys: number
  readonly puts: number
  readonly seed: number
}

export interface ReaderReport {
  readonly looks: Readonly<Record<string, number>>
  readonly durable: number
  readonly wrong: readonly string[]
}

const nameOf = (key: number): string => `key-${key}`.padEnd(9 + (key % 23), '.')

function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Says its key, its number and its epoch at both ends, with one character between, so that two of them never pass for one. */
function valueOf(key: number, version: number, epoch: number): Buffer {
  const frame = `${nameOf(key)}|${version}|${epoch}`
  const fill = String.fromCharCode(97 + (version % 26)).repeat(version % 7 === 0 ? version % 1500 : 20 + (version % 60))
  return Buffer.from(`${frame}[${fill}]${frame}`)
}

function write({ slabs, keys, puts, seed }: RaceData): void {
  const random = randomFrom(seed)
  for (const slab of slabs) {
    const writer = new SlabWriter(slab)
    let epoch = 1
    for (let version = 1; version <= puts; version++) {
      // A few keys are put again and again, all others now and then; their number rises, so that the table grows under way.
      const key = random(4) === 0 ? random(50) : random(Math.ceil((keys * version) / puts))
      writer.put(encodeRowKey([nameOf(key)]), random(20) === 0 ? undefined : valueOf(key, version, epoch), epoch)
      if (version % 400 === 0) writer.written(epoch++ - 1)
    }
    writer.close()
  }
}

function read({ slabs, keys, seed }: RaceData): ReaderReport {
  const random = randomFrom(seed)
  const looks: Record<string, number> = {}
  const wrong: string[] = []
  let durable = 0
  const key = new RowKey()
  for (const slab of slabs) {
    const reader = new SlabReader(slab)
    const words = new Int32Array(slab)
    /** The last seen of each key. */
    const versions = new Float64Array(keys)
    const epochs = new Float64Array(keys)
    for (;;) {
      const wanted = random(4) === 0 ? random(50) : random(keys)
      const look = reader.look(key.set([nameOf(wanted)]))
      looks[look] = (looks[look] ?? 0) + 1
      if (look === 'closed') break
      if (look === 'absent' && epochs[wanted]! > Atomics.load(words, WRITTEN)) wrong.push(`${nameOf(wanted)} went before it was durable`)
      if (look !== 'found') continue
      if (reader.isDurable) durable++
      const text = reader.bytes.toString('latin1', 0, reader.length)
      const match = /^([^|]*)\|(\d+)\|(\d+)\[(([a-z])\5*)?\](.*)$/.exec(text)
      const [, name, version, epoch, , fill] = match ?? []
      const isWhole = match !== null && match[6] === `${name}|${version}|${epoch}` && name === nameOf(wanted)
      if (!isWhole || (fill !== undefined && fill.charCodeAt(0) - 97 !== Number(version) % 26)) wrong.push(`torn: ${text.slice(0, 200)}`)
      else if (Number(version) < versions[wanted]!) wrong.push(`${name} went back from ${versions[wanted]} to ${version}`)
      versions[wanted] = Number(version)
      epochs[wanted] = Number(epoch)
      if (wrong.length > 10) return { looks, durable, wrong }
    }
  }
  return { looks, durable, wrong }
}

const data = workerData as RaceData
if (data.role === 'writer') {
  write(data)
  parentPort!.postMessage('done')
} else parentPort!.postMessage(read(data))
