/** JSON lines of the benches on standard input, rows of a Markdown table on standard output. */
import { createInterface } from 'node:readline'
import type { Percentiles } from './report.ts'

interface Line {
  readonly bench: string
  readonly case: string
  readonly value: number
  readonly unit: string
  readonly baseline: { readonly name: string; readonly value: number } | null
  readonly ratio: number | null
  readonly requestMs?: Percentiles
  readonly p99?: number
  readonly bytesAnEvent?: number
  readonly rssMiB?: number
  readonly load?: number
  readonly bareDisk?: { readonly sync4KiBMs: number; readonly sync1MiBMs: number }
}

/** 1,234,567 and 0.123: digits that say something. */
const readable = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))

function notes(line: Line): string {
  return [
    line.p99 === undefined ? null : `p99 ${readable(line.p99)}`,
    line.requestMs === undefined ? null : `request p50 ${readable(line.requestMs.p50)} ms, p99 ${readable(line.requestMs.p99)} ms`,
    line.bytesAnEvent === undefined ? null : `${readable(line.bytesAnEvent)} bytes an event`,
    line.rssMiB === undefined ? null : `${readable(line.rssMiB)} MiB`,
    line.bareDisk === undefined ? null : `bare sync ${readable(line.bareDisk.sync4KiBMs)} / ${readable(line.bareDisk.sync1MiBMs)} ms`,
    line.load === undefined ? null : `load ${readable(line.load)}`,
  ]
    .filter(note => note !== null)
    .join(' · ')
}

process.stdout.write('| bench | case | figure | baseline | ratio | beside it |\n|---|---|---|---|---|---|\n')
for await (const text of createInterface({ input: process.stdin })) {
  if (!text.startsWith('{')) continue
  const line = JSON.parse(text) as Line
  const baseline = line.baseline ? `${readable(line.baseline.value)} (${line.baseline.name})` : ''
  const ratio = line.ratio === null ? '' : readable(line.ratio)
  process.stdout.write(
    `| ${line.bench} | ${line.case} | ${readable(line.value)} ${line.unit} | ${baseline} | ${ratio} | ${notes(line)} |\n`,
  )
}
