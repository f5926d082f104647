/** Topologies that go by the clock: an idle source, two sources of which one says nothing, and windows of processing time. */
import { count, topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

interface Reading {
  at: number
  sensor: string
}

const head = { version: 1, tick: '20ms' }

/** The last window of a source that dries up closes all the same. */
export const idle: TopologyBuilder = topology('idle', head)
  .follow<Reading>({ types: ['reading'] })
  .eventTime({ id: 'timed', field: 'at', lag: 0, idle: '50ms' })
  .tumble({ id: 'windows', size: '100ms', by: ['sensor'], aggregate: { count: count() } })
  .append({ stream: 'idle-windows', type: 'window', data: ['sensor', 'windowStart', 'count'] })

/** A source without a single row holds the other back until it is idle. */
function merging(): TopologyBuilder {
  const made = topology('merging', head)
  const a = made.follow<Reading>({ id: 'a', types: ['reading'] }).eventTime({ id: 'timed-a', field: 'at', lag: 0 })
  const b = made.follow<Reading>({ id: 'b', types: ['silence'] }).eventTime({ id: 'timed-b', field: 'at', lag: 0, idle: '50ms' })
  return a
    .merge(b, { id: 'both' })
    .tumble({ id: 'windows', size: '100ms', by: ['sensor'], aggregate: { count: count() } })
    .append({ stream: 'merging-windows', type: 'window', data: ['sensor', 'windowStart', 'count'] })
}
export const merged: TopologyBuilder = merging()

/** Windows that close with the clock. */
export const processing: TopologyBuilder = topology('processing', head)
  .follow<Reading>({ types: ['reading'] })
  .processingTime({ id: 'timed' })
  .tumble({ id: 'windows', size: '100ms', by: ['sensor'], aggregate: { count: count() } })
  .append({ stream: 'processing-windows', type: 'window', data: ['sensor', 'windowStart', 'count'] })
