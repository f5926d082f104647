/** Any plain answer as text for people: figures in a list, lists of objects as tables. */
import { jsonText } from '../../event/json-text.ts'
import { Table } from './table.ts'
import type { Terminal } from './terminal.ts'

export async function printOutline(terminal: Terminal, answer: object, title?: string): Promise<void> {
  const figures: [string, unknown][] = []
  const parts: [string, object][] = []
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) parts.push([name, value as object])
    else figures.push([name, value])
  }
  if (title !== undefined) await terminal.line(terminal.colours.bold(title))
  const width = Math.max(0, ...figures.map(([name]) => wordsOf(name).length))
  for (const [name, value] of figures) await terminal.line(`${wordsOf(name).padEnd(width)}  ${cellOf(value)}`)
  for (const [name, part] of parts) {
    await terminal.line('')
    if (Array.isArray(part) && part.every(isRow)) await printRows(terminal, part, wordsOf(name))
    else if (Array.isArray(part)) await terminal.line(`${wordsOf(name)}  ${part.map(cellOf).join(', ')}`)
    else await printOutline(terminal, part, wordsOf(name))
  }
}

async function printRows(terminal: Terminal, rows: readonly Record<string, unknown>[], title: string): Promise<void> {
  await terminal.line(terminal.colours.bold(title))
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const isNumeric = (name: string): boolean => rows.every(row => typeof row[name] === 'number')
  const table = new Table(
    terminal,
    names.map(name => ({ title: wordsOf(name), ...(isNumeric(name) ? ({ align: 'right' } as const) : {}) })),
  )
  for (const row of rows) await table.row(names.map(name => (row[name] === undefined ? '' : cellOf(row[name]))))
  await table.flush()
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function cellOf(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US')
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return 'none'
  return typeof value === 'string' ? value : jsonText(value)
}

/** `bytesOnDisk` → `bytes on disk`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
