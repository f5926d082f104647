/** A log, a database and a fragment in memory, small enough to be seen through, for tests of the pipeline alone. */
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Encoding } from '../../event/event.ts'
import { defaultLimits } from '../../event/limits.ts'
import type { Page } from '../../operators/flow.ts'
import { aliveRows, rowOf } from '../../operators/page.ts'
import type { Bytes, KeyValue, Range, Rows, WriteBatch } from '../../store/key-value.ts'
import type { StateColumn } from '../../store/state.ts'
import type { LogSource as LogSourcePlan, Plan } from '../../topology/plan.ts'
import type { Fragment, FragmentContext } from '../../actors/fragment.ts'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { LogSource, type SourceBlock, type SourcePage } from '../../actors/log-source.ts'
import { eventsOf, type OutboxRequest } from '../../actors/outbox.ts'
import type { OutboxAnswer } from '../../actors/outbox-sender.ts'
import { PipelineActor } from '../../actors/pipeline.ts'
import type { PipelineOptions } from '../../actors/pipeline-options.ts'
import { StateWriter } from '../../actors/state-writer.ts'

export const PARTITIONS = 4

/** Sorted rows by column; keeps what was written, as a disk would. */
export class StandInStore implements KeyValue<StateColumn> {
  readonly supports = { durable: false, handles: false }
  readonly rows = new Map<string, Bytes>()
  writes = 0

  get(column: StateColumn, key: Bytes): Bytes | undefined {
    return this.rows.get(column + Buffer.from(key).toString('latin1'))
  }

  getMany(column: StateColumn, keys: readonly Bytes[]): (Bytes | undefined)[] {
    return keys.map(key => this.get(column, key))
  }

  scan(column: StateColumn, range: Range): Rows {
    const found = [...this.rows]
      .filter(([key]) => key.startsWith(column))
      .map(([key, value]) => [Buffer.from(key.slice(column.length), 'latin1'), value] as const)
      .filter(([key]) => !(range.gte && Buffer.compare(key, range.gte) < 0) && !(range.gt && Buffer.compare(key, range.gt) <= 0))
      .filter(([key]) => !(range.lt && Buffer.compare(key, range.lt) >= 0))
      .sort(([a], [b]) => Buffer.compare(a, b))
      .slice(0, 3)
    return { keys: found.map(([key]) => key), values: found.map(([, value]) => value) }
  }

  batch(): WriteBatch<StateColumn> & { changes: [string, Bytes | undefined][] } {
    const changes: [string, Bytes | undefined][] = []
    return {
      changes,
      put: (column, key, value) => void changes.push([column + Buffer.from(key).toString('latin1'), value.slice()]),
      delete: (column, key) => void changes.push([column + Buffer.from(key).toString('latin1'), undefined]),
      get length() {
        return changes.length
      },
      clear: () => void (changes.length = 0),
    }
  }

  write(batch: WriteBatch<StateColumn>): void {
    this.writes++
    for (const [key, value] of (batch as ReturnType<StandInStore['batch']>).changes) {
      if (value === undefined) this.rows.delete(key)
      else this.rows.set(key, value)
    }
  }

  deleteRange(column: StateColumn, gte: Bytes, lt: Bytes): void {
    for (const key of this.rows.keys()) {
      const bytes = Buffer.from(key.slice(column.length), 'latin1')
      if (key.startsWith(column) && Buffer.compare(bytes, gte) >= 0 && Buffer.compare(bytes, lt) < 0) this.rows.delete(key)
    }
  }
}

interface StandInEvent {
  readonly stream: string
  readonly type: string
  readonly data: Uint8Array
  readonly encoding: Encoding
}

/** Input events in order, a partition each by turns; beside it, what the outbox appended, with the producers' numbers. */
export class StandInLog {
  readonly events: StandInEvent[] = []
  readonly outputs: { stream: string; data: unknown; producer: string; number: number }[] = []
  readonly highest = new Map<string, number>()
  /** Called for each append before and after it is stored: a throw is a crash, or a failure the sender must live with. */
  onAppend: (moment: 'before' | 'after', request: OutboxRequest) => void = () => undefined

  add(data: unknown, encoding: Encoding = 'json', { stream, type }: { stream?: string; type?: string } = {}): void {
    this.events.push({
      stream: stream ?? `in-${this.events.length % 7}`,
      type: type ?? 'added',
      encoding,
      data: data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data)),
    })
  }

  append = async (request: OutboxRequest): Promise<OutboxAnswer> => {
    await Promise.resolve()
    this.onAppend('before', request)
    const isNew = request.number > (this.highest.get(request.producer) ?? 0)
    if (isNew) {
      this.highest.set(request.producer, request.number)
      for (const [index, { stream, data }] of eventsOf(request).entries())
        this.outputs.push({ stream, data, producer: request.producer, number: request.first + index })
    }
    this.onAppend('after', request)
    return isNew ? 'stored' : 'duplicate'
  }

  /** Rows after the place; pages of `pageRows`. */
  reader(after: number, pageRows: number): { next(): SourcePage | null; head: number } {
    let at = after
    const reader = {
      head: 0,
      next: (): SourcePage | null => {
        const count = Math.min(pageRows, this.events.length - at)
        if (count <= 0) {
          reader.head = stampAt(this.events.length)
          return null
        }
        const first = at
        at += count
        const events = this.events.slice(first, at)
        const indexes = Array.from({ length: count }, (_, i) => first + i)
        return {
          count,
          blocks: [blockOf(events, first)],
          block: new Int32Array(count),
          row: Int32Array.from(indexes, i => i - first),
          stamps: Float64Array.from(indexes, stampAt),
          partitions: Uint16Array.from(indexes, i => i % PARTITIONS),
          sequences: Float64Array.from(indexes, i => Math.floor(i / PARTITIONS) + 1),
        }
      },
    }
    return reader
  }
}

export function stampAt(index: number): number {
  return 1000 + index * 10
}

function blockOf(events: readonly StandInEvent[], first: number): SourceBlock {
  const bytes = Buffer.concat(events.map(({ data }) => data))
  const starts = events.reduce((at, { data }) => [...at, at.at(-1)! + data.length], [0])
  return {
    bytes,
    firstSequence: first,
    streamOf: row => events[row]!.stream,
    typeOf: row => events[row]!.type,
    versionAt: row => first + row + 1,
    encodingOf: row => events[row]!.encoding,
    dataStart: row => starts[row]!,
    dataEnd: row => starts[row + 1]!,
    extrasStart: () => 0,
    extrasEnd: () => 0,
  }
}

export const standInPlan: Plan = {
  topology: 'counts',
  version: 1,
  source: { id: 'events', kind: 'log', fields: ['key', 'amount', '$stream', '$sequence'] },
  steps: [{ id: 'count', operator: 'stand-in', options: {}, from: [{ step: 'events', port: 'main' }] }],
}

/** Replays come in one partition, as those of a stream do. */
export const standInReplays = { stream: '$dead-letter-counts', partition: 2, deployment: 1 }

/** Counts and sums by key; sends every third event of a key on; gives up negative amounts. Its state is written at barriers, as an operator's is. */
export async function standInFragment(_plan: Plan, context: FragmentContext): Promise<Fragment> {
  const state = context.state('count', 1)
  const projection = context.projection('totals', 'count')
  const outbox = context.outbox('count')
  const check = (await context.resolve('user#check')) as (row: unknown) => void
  const totals = new Map<string, { count: number; sum: number }>()
  for (const [key, value] of state.rows())
    totals.set(Buffer.from(key).toString(), JSON.parse(Buffer.from(value).toString()) as { count: number; sum: number })
  const dirty = new Set<string>()
  const counters = { in: 0, out: 0, late: 0, suspect: 0, dead: 0 }

  const fold = (page: Page): void => {
    for (const index of aliveRows(page)) {
      const row = rowOf(page, index) as { key: string; amount: number }
      const order = page.order[index]!
      counters.in++
      try {
        context.beforeCall?.('count', order)
        check(row)
      } catch (error) {
        counters.dead++
        context.dead({ step: 'count', cause: (error as Error).message, order, row: { ...row }, attempts: 1 })
        continue
      }
      const total = totals.get(row.key) ?? { count: 0, sum: 0 }
      totals.set(row.key, { count: total.count + 1, sum: total.sum + row.amount })
      dirty.add(row.key)
      projection.put([row.key], totals.get(row.key), order)
      if (total.count % 3 === 2)
        outbox.append(`out-${row.key}`, { type: 'third', data: { key: row.key, count: total.count + 1, sum: total.sum + row.amount } })
    }
  }
  return {
    counters: new Map([['count', counters]]),
    push(flow) {
      if (flow.kind === 'page') fold(flow)
      if (flow.kind === 'end') outbox.append('out-end', { type: 'end', data: [...totals.keys()].sort() })
      if (flow.kind !== 'barrier') return
      for (const key of dirty) state.put(Buffer.from(key), Buffer.from(JSON.stringify(totals.get(key))))
      dirty.clear()
    },
    close: () => undefined,
  }
}

export interface StandInWorld {
  readonly store: StandInStore
  readonly log: StandInLog
}

export type StandInOptions = Partial<Omit<PipelineOptions, 'openSource' | 'store'>> & { pageRows?: number; upTo?: number }

/** Starts the pipeline over the world, as a process that has just begun would. */
export async function startPipeline(world: StandInWorld, options: StandInOptions = {}): Promise<PipelineActor> {
  const { pageRows = 7, upTo, incarnation = 1, plan = standInPlan, ...rest } = options
  const writer = options.writer ?? new StateWriter(world.store)
  await writer.begin('counts', incarnation)
  return PipelineActor.start({
    plan,
    deployment: 1,
    incarnation,
    module: 'file:///user.ts',
    writer,
    appendOutbox: world.log.append,
    createFragment: standInFragment,
    resolve: () => Promise.resolve(refuseNegative),
    heartbeat: new Heartbeat(),
    skip: [],
    isRepeating: false,
    partitions: PARTITIONS,
    limits: defaultLimits,
    epochMs: 0,
    clock: systemClock,
    ...rest,
    store: world.store,
    openSource: from =>
      new LogSource({
        plan: plan.source as LogSourcePlan,
        replays: { ...standInReplays, discards: plan.steps.some(({ inOrder }) => inOrder !== undefined) },
        storeId: 'stand-in',
        reader: world.log.reader(from?.place ? (from.place.stamp - 1000) / 10 + 1 : 0, pageRows),
        ...(from && { from }),
        ...(upTo !== undefined && { upTo }),
        changed: () => new Promise(resolve => setTimeout(resolve, 5)),
      }),
  })
}

function refuseNegative(row: unknown): void {
  if ((row as { amount: number }).amount < 0) throw new EventStoreError('INVALID', 'negative')
}
