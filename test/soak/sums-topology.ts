/** The topology that runs while stores are killed and harmed: windows, late rows, rows that no function takes, and two streams of output. */
import { rows } from '../../operators/functions.ts'
import { count, sum, topology } from '../../topology/pipeline.ts'

export type Sent = {
  readonly lane: number
  readonly request: number
  readonly index: number
  readonly cents: number
  readonly at: number
}

export const types = ['sent.plain', 'sent.ids', 'sent.version', 'sent.hundred'] as const
export const LAG_MS = 600_000
export const WINDOW_MS = 3_600_000
/** Rows of this many cents are dead letters; above BIG they are sent on. */
export const DEAD_CENTS = 13
export const BIG_CENTS = 190

export const isTaken = rows<Sent, boolean>({ reads: ['cents'] }, ({ cents }) => {
  if (cents === DEAD_CENTS) throw new Error('thirteen is not taken')
  return true
})

export const isBig = rows<Sent, boolean>({ reads: ['cents'] }, ({ cents }) => cents >= BIG_CENTS)

export const sums = topology('sums', { version: 1 })
const sent = sums
  .follow<Sent>({ types })
  .eventTime({ id: 'time', field: 'at', lag: '10m' })
  .filter('./sums-topology.ts#isTaken', { id: 'taken' })
sent
  .filter('./sums-topology.ts#isBig', { id: 'big' })
  .append({ id: 'bigs', stream: 'sums-big', type: 'sums.big', data: ['lane', 'request', 'index'] })
const hourly = sent.keyBy('lane').tumble({ id: 'hourly', size: '1h', aggregate: { count: count(), sum: sum('cents') } })
hourly.late.append({ id: 'late', stream: 'sums-late', type: 'sums.late', data: ['lane', 'request', 'index'] })
hourly.projection({ id: 'rows', name: 'sums', key: ['lane', 'windowStart'], value: ['count', 'sum'] })
