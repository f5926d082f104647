/** The judge of the kill test: remembers every acknowledgement, and reads the store back after each kill to see whether it holds. */
import { isDeepStrictEqual } from 'node:util'
import type { Event } from '../../event/event.ts'
import type { Node } from '../../runtime/index.ts'
import { eventOf, eventsOf, isRepeated, type Lane, lanes, type Place, streamOf } from './kill-lanes.ts'

interface Found {
  /** Events of the request that are stored, in order. */
  readonly events: Event[]
}

interface Sent {
  readonly lane: number
  readonly request: number
  readonly index: number
}

export class Judge {
  /** Acknowledged, by lane: requests 1 to this one (plain lanes leave out what was neither answered nor stored). */
  readonly #acknowledged = lanes.map(() => new Map<number, Place | null>())
  /** The newest request of each lane that may have been sent. */
  readonly #newest = lanes.map(() => 0)
  readonly next = lanes.map(() => 1)
  acknowledgements = 0
  /** Requests that were sent again after a crash, and of these, those that had been stored before. */
  repeated = 0
  repeatedStored = 0

  acknowledge(lane: number, request: number, place: Place | null): void {
    this.#acknowledged[lane]!.set(request, place)
    this.next[lane] = request + 1
    this.acknowledgements++
  }

  /** What is wrong with the store as it reads now; empty when all is well. Decides what each lane sends next. */
  async examine(node: Node): Promise<string[]> {
    const wrong: string[] = []
    const found = await this.#readAll(node, wrong)
    for (const lane of lanes) this.#examineLane(lane, found, wrong)
    await this.#sample(node, found, wrong)
    const { damage } = await node.verify()
    for (const place of damage) wrong.push(`verify: ${JSON.stringify(place)}`)
    return wrong
  }

  async #readAll(node: Node, wrong: string[]): Promise<Map<string, Found>> {
    const found = new Map<string, Found>()
    const sequences = new Map<number, number>()
    const versions = new Map<string, number>()
    let stamp = 0
    for await (const event of node.readAll({ system: true }) as AsyncIterable<Event>) {
      const { partition, sequence, stream, version } = event
      if (sequence !== (sequences.get(partition) ?? 0) + 1)
        wrong.push(`partition ${partition}: ${sequence} follows ${sequences.get(partition) ?? 0}`)
      if (version !== (versions.get(stream) ?? 0) + 1)
        wrong.push(`stream ${stream}: version ${version} follows ${versions.get(stream) ?? 0}`)
      if (event.stamp < stamp) wrong.push(`partition ${partition}, sequence ${sequence}: its stamp lies before the one read before`)
      sequences.set(partition, sequence)
      versions.set(stream, version)
      stamp = event.stamp
      if (event.type.startsWith('sent.')) take(event, found, wrong)
    }
    return found
  }

  #examineLane(lane: Lane, found: ReadonlyMap<string, Found>, wrong: string[]): void {
    const name = `lane ${lane.lane} (${lane.kind})`
    for (const [request, place] of this.#acknowledged[lane.lane]!) {
      const events = found.get(`${lane.lane}/${request}`)?.events ?? []
      if (events.length < eventsOf(lane))
        wrong.push(`${name}: request ${request} was acknowledged, ${events.length} of ${eventsOf(lane)} events are there`)
      else if (place) comparePlace(`${name}, request ${request}`, events, place, wrong)
    }
    const next = this.next[lane.lane]!
    const stored = found.get(`${lane.lane}/${next}`)?.events.length ?? 0
    if (stored > 0) this.#newest[lane.lane] = next
    if (lane.kind !== 'ordered' && stored > 0 && stored < eventsOf(lane)) wrong.push(`${name}: request ${next} is there in part`)
    if (found.has(`${lane.lane}/${next + 1}`)) wrong.push(`${name}: request ${next + 1} is there before ${next} was answered`)
    if (isRepeated(lane)) {
      this.repeated++
      if (stored > 0) this.repeatedStored++
    } else if (stored > 0) this.next[lane.lane] = next + 1
  }

  /** Other ways in must say the same: by stream both ways, by version, by id. */
  async #sample(node: Node, found: ReadonlyMap<string, Found>, wrong: string[]): Promise<void> {
    const keys = [...found.keys()]
    for (let n = 0; n < 12 && keys.length > 0; n++) {
      const { events } = found.get(keys[Math.floor(Math.random() * keys.length)]!)!
      const event = events[0]!
      if (!isDeepStrictEqual(await node.readEvent(event.id), event)) wrong.push(`readEvent(${event.id}) reads another event`)
      const around = { from: event.version, limit: 1 }
      for (const options of [around, { ...around, direction: 'backwards' as const }]) {
        for await (const read of node.readStream(event.stream, options))
          if (!isDeepStrictEqual(read, event)) wrong.push(`${event.stream}, version ${event.version}: another event`)
      }
      if ((await node.streamVersion(event.stream)) < event.version) wrong.push(`${event.stream}: its version is below ${event.version}`)
    }
  }
}

function take(event: Event, found: Map<string, Found>, wrong: string[]): void {
  const { lane, request, index } = event.data as Sent
  const kind = lanes[lane]!
  const sent = eventOf(kind, request, index)
  const isSame =
    isDeepStrictEqual(event.data, sent.data) &&
    event.type === sent.type &&
    event.stream === streamOf(kind, request, index) &&
    (sent.id === undefined || sent.id === event.id)
  if (!isSame) wrong.push(`partition ${event.partition}, sequence ${event.sequence}: not as it was sent`)
  const key = `${lane}/${request}`
  const before = found.get(key)
  if (!before) found.set(key, { events: [event] })
  else before.events.push(event)
  const { events } = found.get(key)!
  if (kind.kind !== 'ordered' && index !== events.length - 1)
    wrong.push(`lane ${lane}, request ${request}: event ${index} is there twice or out of order`)
  if (kind.kind === 'ordered') {
    const twin = events.findLast((each, i) => i < events.length - 1 && each.partition === event.partition)
    if (twin && (twin.data as Sent).index >= index)
      wrong.push(`lane ${lane}, request ${request}: event ${index} is there twice or out of order`)
  }
}

function comparePlace(name: string, events: readonly Event[], place: Place, wrong: string[]): void {
  const first = events[0]!
  const last = events[events.length - 1]!
  const isThere =
    first.partition === place.partition &&
    first.sequence === place.firstSequence &&
    first.version === place.firstVersion &&
    last.version === place.version
  if (!isThere)
    wrong.push(`${name} was acknowledged at ${JSON.stringify(place)} and lies at version ${first.version}, sequence ${first.sequence}`)
}
