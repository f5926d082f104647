/** Random logs whose events have types, categories, tags and correlation ids, random questions, and the dumb answer to each. */
import fc from 'fast-check'
import type { NewEvent } from '../../../event/event.ts'
import { comparePlaces, type Place } from '../../../event/position.ts'
import { partitionOf } from '../../../event/stream-id.ts'
import type { LogReader, LogReaderOptions } from '../../../store/log/log-reader.ts'
import type { WrittenLog } from './writing.ts'

export interface LoggedEvent extends Place {
  readonly stream: string
  readonly event: NewEvent
}

const ownStreams = ['order-1', 'order-2', '{order-3}paid', 'cart-1', 'cart-{x}', 'plain', '$system-1', 'ü-1', 'rare-1']
/** Of the default tenant, of a small one, and of one of the same name before. */
const scopes = [undefined, '', '\0acme\0', '\0acme\u00011\0']
const streams = [...ownStreams, ...ownStreams, '\0acme\0order-1', '\0acme\0$system-1', '\0acme\0{cart}s', '\0acme\u00011\0order-1']
const types = ['opened', 'changed', 'closed', 'seldom']
/** Texts that JSON writes otherwise than they are, one that is part of another, one that is like a type. */
const tags = ['vip', 'vi', 'a "quoted" one', 'back\\slash', 'ünï', '\u0001', 'opened', 'lone \ud800']
const correlations = ['c-1', 'c-2', 'vip', 'c "3"', 'ü\n']

const metadata = fc.oneof(
  fc.record({ correlationId: fc.constantFrom(...correlations) }),
  fc.record({ $correlationId: fc.constantFrom(...correlations), more: fc.jsonValue({ maxDepth: 2 }) }),
  fc.record({
    a: fc.jsonValue({ maxDepth: 2 }),
    correlationId: fc.constantFrom<unknown>(...correlations, 7, null),
    $correlationId: fc.constantFrom('c-1', 'c-2'),
  }),
  fc.record({ nested: fc.record({ correlationId: fc.constantFrom(...correlations) }) }),
  fc.constant({}),
)

/** Most events are plain, so that most blocks hold nothing of what is asked for. */
const event: fc.Arbitrary<NewEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom(...types.slice(0, 3)), data: fc.constant(1) }) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        type: fc.constantFrom(...types),
        data: fc.constant(2),
        id: fc.uuid(),
        time: fc.integer({ min: 0, max: 1e12 }),
        tags: fc.array(fc.constantFrom(...tags), { maxLength: 4 }),
        metadata,
      },
      { requiredKeys: ['type', 'data'] },
    ),
  },
)

export interface Append {
  readonly stream: string
  readonly events: readonly NewEvent[]
}

/** Groups of appends, each committed as one. */
export const groups: fc.Arbitrary<Append[][]> = fc.array(
  fc.array(fc.record({ stream: fc.constantFrom(...streams), events: fc.array(event, { minLength: 1, maxLength: 12 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  { minLength: 1, maxLength: 20 },
)

const some = (of: readonly string[]): fc.Arbitrary<string[] | undefined> =>
  fc.option(fc.subarray([...of], { maxLength: 3 }), { nil: undefined, freq: 2 })

/** What may be asked of a log; places are chosen of those there are. */
export interface Question {
  readonly scope: string | undefined
  readonly types: string[] | undefined
  readonly categories: string[] | undefined
  readonly tags: string[] | undefined
  readonly correlation: string[] | undefined
  readonly system: boolean | undefined
  readonly also: { stream: string; types: string[] }[] | undefined
  readonly pageRows: number
  readonly backwards: boolean
  readonly after: number | undefined
  readonly since: number | undefined
  readonly upTo: number | undefined
}

const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined, freq: 2 })

export const question: fc.Arbitrary<Question> = fc.record({
  scope: fc.constantFrom(...scopes),
  types: some([...types, 'never']),
  categories: some(['order', 'cart', 'plain', '$system', 'ü', 'rare', 'never']),
  tags: fc.option(fc.subarray(tags.slice(0, 7), { maxLength: 2 }), { nil: undefined, freq: 2 }),
  correlation: some([...correlations, 'never']),
  system: fc.constantFrom(true, false, undefined),
  also: fc.option(fc.array(fc.record({ stream: fc.constantFrom(...streams), types: fc.subarray(types) }), { maxLength: 2 }), {
    nil: undefined,
    freq: 1,
  }),
  pageRows: fc.constantFrom(1, 7, 4096),
  backwards: fc.boolean(),
  after: share,
  since: share,
  upTo: share,
})

/** Appends and commits, and notes the events with their places. */
export function write(log: WrittenLog, group: readonly Append[], into: LoggedEvent[]): void {
  for (const { stream, events } of group) {
    const { stamp, firstSequence } = log.append(stream, events)
    const partition = partitionOf(stream, log.partitions)
    events.forEach((each, n) => {
      into.push({ stream, event: each, stamp: stamp - events.length + 1 + n, partition, sequence: firstSequence + n })
    })
  }
  log.commit()
}

export function optionsOf(asked: Question, all: readonly LoggedEvent[]): LogReaderOptions {
  const at = (place: number | undefined): LoggedEvent | undefined =>
    place === undefined ? undefined : all[Math.min(all.length - 1, Math.floor(place * all.length))]
  const [after, since, upTo] = [at(asked.after), at(asked.since), at(asked.upTo)]
  const { scope, types: wantedTypes, categories, tags: wantedTags, correlation, system, also, pageRows, backwards } = asked
  return {
    scope,
    types: wantedTypes,
    categories,
    tags: wantedTags,
    correlation,
    system,
    also,
    pageRows,
    backwards,
    ...(after && { after: { stamp: after.stamp, partition: after.partition, sequence: after.sequence } }),
    ...(since && { since: since.stamp }),
    ...(upTo && { upTo: upTo.stamp }),
  }
}

const categoryOf = (stream: string): string => stream.replace(/^.*\0/, '').replace(/[{}]/g, '').split('-')[0]!
const scopeOf = (stream: string): string => /^(?:\0[^\0]*\0)?/.exec(stream)![0]

function isWanted({ stream, event: { type, tags: has = [], metadata: about = {} } }: LoggedEvent, options: LogReaderOptions): boolean {
  if (options.also?.some(one => one.stream === stream && one.types.includes(type)) === true) return true
  const ids = [about['correlationId'], about['$correlationId']]
  return (
    scopeOf(stream) === (options.scope ?? '') &&
    (options.types?.includes(type) ?? true) &&
    (options.categories?.includes(categoryOf(stream)) ?? true) &&
    (options.tags?.every(tag => has.includes(tag)) ?? true) &&
    (options.correlation?.some(id => ids.includes(id)) ?? true) &&
    (options.system === true || !/^(?:.*\0)?\$/.test(stream))
  )
}

/** Places in the order asked for, found by looking at everything. */
export function dumbAnswer(all: readonly LoggedEvent[], options: LogReaderOptions): string[] {
  const { after, since = 0, upTo = Number.POSITIVE_INFINITY, backwards = false } = options
  const sign = backwards ? -1 : 1
  return all
    .filter(each => isWanted(each, options) && each.stamp >= since && each.stamp < upTo)
    .filter(each => !after || comparePlaces(each, after) * sign > 0)
    .sort((a, b) => comparePlaces(a, b) * sign)
    .map(placeText)
}

export const placeText = ({ stamp, partition, sequence }: Place): string => `${stamp} ${partition} ${sequence}`

/** Places as a reader gives them, until it has nothing more now. */
export function placesOf(reader: LogReader): string[] {
  const places: string[] = []
  for (let page = reader.next(); page !== null; page = reader.next())
    for (let i = 0; i < page.count; i++)
      places.push(placeText({ stamp: page.stamps[i]!, partition: page.partitions[i]!, sequence: page.sequences[i]! }))
  return places
}
