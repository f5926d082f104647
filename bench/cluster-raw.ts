/** JetStream without us: messages published under the condition of their subject, one in flight a subject, to three servers on one disk. */
import { connect, headers as natsHeaders } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import { systemClock } from '../event/clock.ts'
import { startNatsServers } from '../test/fixtures/nats-servers.ts'
import { bareDisk } from './bare-disk.ts'
import { loadAverage } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import { percentiles, type Percentiles, report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

export interface RawJetStreamOptions {
  readonly servers: readonly string[]
  readonly messageBytes: number
  readonly seconds: number
  /** 4 when left out; each R3 on file. */
  readonly streams?: number
  /** In each stream; 32 when left out. */
  readonly subjects?: number
}

export interface RawJetStreamResult {
  readonly perSecond: number
  readonly bytesPerSecond: number
  /** Milliseconds from publishing to the acknowledgement. */
  readonly latency: Percentiles
  /** "wrong last sequence" to the only writer: not counted as published. */
  readonly spurious: number
}

/** What is published and thrown away before the clock starts. */
const WARM_SECONDS = 1

/** Publishes through one connection for some seconds into streams of its own, and deletes them. */
export async function rawJetStream(options: RawJetStreamOptions): Promise<RawJetStreamResult> {
  const { servers, messageBytes, seconds, streams = 4, subjects = 32 } = options
  const connection = await connect({ servers: [...servers], noAsyncTraces: true })
  const jetstream = await jetstreamManager(connection)
  const name = `RAW_${Buffer.from(systemClock.random(4)).toString('hex')}`
  const names = Array.from({ length: streams }, (_, index) => `${name}_${index}`)
  for (const each of names) {
    await jetstream.streams.add({
      name: each,
      subjects: [`${each}.*`],
      num_replicas: 3,
      storage: 'file',
      discard: 'new',
      allow_direct: false,
    })
  }
  const payload = new Uint8Array(messageBytes).map((_, index) => (index * 31) ^ (index >> 8))
  const times: number[] = []
  let spurious = 0
  const warm = systemClock.monotonic() + WARM_SECONDS * 1000
  const end = warm + seconds * 1000
  const lane = async (subject: string): Promise<void> => {
    for (let last = 0; ;) {
      const begun = systemClock.monotonic()
      if (begun > end) return
      const headers = natsHeaders()
      headers.set('Nats-Expected-Last-Subject-Sequence', String(last))
      const answer = await connection.request(subject, payload, { headers, timeout: 60_000 })
      const { seq, error } = answer.json<{ seq?: number; error?: { err_code: number; description: string } }>()
      if (error !== undefined && error.err_code !== 10071 && error.err_code !== 10164) throw new Error(error.description)
      if (error !== undefined) {
        if (begun > warm) spurious++
        const found = await jetstream.streams.getMessage(subject.split('.')[0]!, { last_by_subj: subject })
        last = found?.seq ?? 0
        continue
      }
      last = seq!
      if (begun > warm) times.push(systemClock.monotonic() - begun)
    }
  }
  await Promise.all(names.flatMap(each => Array.from({ length: subjects }, (_, index) => lane(`${each}.${index}`))))
  const elapsed = (systemClock.monotonic() - warm) / 1000
  for (const each of names) await jetstream.streams.delete(each)
  await connection.close()
  const perSecond = times.length / elapsed
  return { perSecond, bytesPerSecond: perSecond * messageBytes, latency: percentiles(times), spurious }
}

const cases = [
  { name: '64 KiB', messageBytes: 64 * 1024 },
  { name: '16 KiB', messageBytes: 16 * 1024 },
] as const

async function main(): Promise<void> {
  leaveCleanly()
  const options = benchOptions()
  const place = temporary(options.directory)
  const nats = await startNatsServers({ parent: place.path })
  try {
    for (const { name, messageBytes } of cases.filter(each => wanted(options, each.name))) {
      say(`${name}: 4 streams of 32 subjects, three servers, sync_interval always`)
      const disk = bareDisk(place.path)
      const { perSecond, bytesPerSecond, latency, spurious } = await rawJetStream({
        servers: nats.urls,
        messageBytes,
        seconds: options.seconds ?? 10,
      })
      report({
        bench: 'cluster-raw',
        case: name,
        value: perSecond,
        unit: 'messages/s',
        mbPerSecond: bytesPerSecond / 1e6,
        latencyMs: latency,
        spurious,
        bareDisk: disk,
        load: loadAverage(),
      })
    }
  } finally {
    await nats.close()
    place.remove()
  }
}

if (import.meta.main) await main()
