/** The status of topologies as people and programs read it. */
import type { ModuleChange, TopologyStatus } from '../index.ts'
import { timeText } from '../../event/json-text.ts'
import { Table } from './table.ts'
import { type Terminal, visible } from './terminal.ts'

const right = { align: 'right' } as const

export async function printTopologies(terminal: Terminal, statuses: readonly TopologyStatus[]): Promise<void> {
  const numbers = ['rows in', 'rows out', 'lag', 'late', 'suspect', 'dead'].map(title => ({ title, ...right }))
  const table = new Table(terminal, [{ title: 'topology' }, { title: 'version' }, { title: 'status' }, ...numbers, { title: 'watermark' }])
  for (const one of statuses) {
    const { name, version, status, rowsIn, rowsOut, lagEvents, late, suspect, dead, watermark } = one
    await table.row([name, String(version), status, rowsIn, rowsOut, lagEvents, late, suspect, dead, watermarkText(watermark) ?? '–'])
  }
  await table.flush()
  await printTroubles(terminal, statuses)
}

/** Below the table, where no width cuts it: what failed, and what waits for a receiver. */
export async function printTroubles(terminal: Terminal, statuses: readonly TopologyStatus[]): Promise<void> {
  for (const status of statuses) {
    const { name, error } = status
    const waiting = deliveriesText(status)
    if (error !== undefined) await terminal.line(`${terminal.colours.red(name)}: ${visible(`${error.code} ${error.message}`)}`)
    const refused = refusedText(status)
    const rebuilding = rebuildingText(status)
    if (refused !== undefined) await terminal.line(`${terminal.colours.red(name)}: ${refused}`)
    if (rebuilding !== undefined) await terminal.line(`${terminal.colours.yellow(name)}: ${rebuilding}`)
    if (waiting !== undefined) await terminal.line(`${terminal.colours.yellow(name)}: ${waiting}`)
    const held = heldText(status)
    if (held !== undefined) await terminal.line(`${terminal.colours.yellow(name)}: ${held}`)
  }
}

/** Why a changed module is not what runs; undefined when it is. */
export function refusedText({ refused }: Pick<ModuleChange, 'refused'>): string | undefined {
  if (refused === undefined) return undefined
  const { code, message, file, line } = refused
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return visible(`its module has changed and is not taken: ${place}${code} ${message}`)
}

function rebuildingText({ rebuilding }: Pick<TopologyStatus, 'rebuilding'>): string | undefined {
  if (rebuilding === undefined) return undefined
  const { from, to, done, total, remainingMs } = rebuilding
  const share = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} events`
  if (to === undefined) return `it takes the place of revision ${from}: ${share}`
  const left = remainingMs === undefined ? '' : `, about ${Math.ceil(remainingMs / 1000)} s to go`
  return `version ${to} is rebuilt beside version ${from}: ${share}${left}`
}

/** What came of a change of a watched module: a line for people, or one of JSON. */
export async function printChange(terminal: Terminal, change: ModuleChange): Promise<void> {
  const { topology, update } = change
  if (terminal.json) await terminal.record({ change })
  else if (update === undefined) await terminal.line(`${terminal.colours.red(topology)}: ${refusedText(change) ?? ''}`)
  else await terminal.line(`${terminal.colours.green(topology)}: ${update}`)
  await terminal.flush()
}

/** `3 deliveries wait; step announced: POST … was answered 503`; undefined when none waits. */
export function deliveriesText({ deliveries }: Pick<TopologyStatus, 'deliveries'>): string | undefined {
  if (deliveries === undefined) return undefined
  const { waiting, step, lastFailure } = deliveries
  const count = waiting === 1 ? '1 delivery waits' : `${waiting.toLocaleString('en-US')} deliveries wait`
  return lastFailure === undefined ? count : visible(`${count}; step ${step ?? ''}: ${lastFailure}`)
}

/** `2 keys are held by dead letters, 7 with those that wait behind them`; undefined when none is. */
export function heldText({ held }: Pick<TopologyStatus, 'held'>): string | undefined {
  if (held === undefined) return undefined
  const keys = held.keys === 1 ? '1 key is' : `${held.keys.toLocaleString('en-US')} keys are`
  return `${keys} held by dead letters, ${held.letters.toLocaleString('en-US')} with those that wait behind`
}

/** One line of JSON: the watermark as ISO 8601, null before the first. */
export function recordOf(status: TopologyStatus): Record<string, unknown> {
  return { ...status, watermark: watermarkText(status.watermark) }
}

/** Before the first event there is no watermark, and after the end it lies above every time. */
export function watermarkText(watermark: TopologyStatus['watermark']): string | null {
  return typeof watermark === 'number' && Number.isFinite(watermark) ? timeText(watermark) : null
}
