/** A topology file of 500 steps, read and checked with every place: the first time in a process and warm; against parsing the same YAML alone. */
import { parse } from 'yaml'
import { systemClock } from '../event/clock.ts'
import { readTopologyText } from '../topology/read/read.ts'
import { eachInItsProcess } from './each-case.ts'
import { loadAverage } from './machine.ts'
import { report } from './report.ts'

const steps = 500
const warmRuns = 30
const cases = [{ name: '500 steps, first time in a process' }, { name: '500 steps, warm' }] as const

/** Filters, expressions, windows and sinks in turn, each with declared columns behind it. */
function topologyText(): string {
  const kinds = [
    (n: number): string => `  - id: large${n}\n    from: timed\n    filter: delay > ${n} and origin <> 'X${n}'\n`,
    (n: number): string => `  - id: computed${n}\n    map: { hours: delay / 60.0, label: "origin || '-${n}'", far: distance > 1000 }\n`,
    (n: number): string =>
      `  - id: hourly${n}\n    tumble:\n      size: 1h\n      by: [origin]\n` +
      `      aggregate: { n: count(), p: 'percentile(delay, 0.95)', w: sum(delay * distance) }\n`,
    (n: number): string => `  - id: out${n}\n    projection: { name: hourly-${n}, key: [origin, windowStart], value: [n, p, w] }\n`,
  ]
  const head = 'topology: large\nversion: 1\nsources:\n  flights:\n    follow: flight.departed\n'
  const fields = '    fields: { date: timestamp, delay: number, distance: number, origin: text }\n'
  const timed = 'steps:\n  - id: timed\n    eventTime: { field: date, lag: 1h }\n'
  return head + fields + timed + Array.from({ length: steps - 1 }, (_, n) => kinds[n % kinds.length]?.(n) ?? '').join('')
}

function timed(work: () => void): number {
  const begun = systemClock.monotonic()
  work()
  return systemClock.monotonic() - begun
}

function lint(text: string): void {
  const { topology, findings } = readTopologyText(text, { file: 'large.yaml' })
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (topology?.steps.length !== steps) throw new Error(`the file does not pass: ${errors[0]?.message ?? 'for no known reason'}`)
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

await eachInItsProcess('lint', cases, async ({ name }) => {
  const text = topologyText()
  const isWarm = name.endsWith('warm')
  const runs = (work: () => void): number => (isWarm ? median(Array.from({ length: warmRuns }, () => timed(work))) : timed(work))
  // Ours first: what both load is charged to us.
  const value = runs(() => lint(text))
  const baseline = { name: 'parsing the YAML alone', value: runs(() => void parse(text)) }
  report({ bench: 'lint', case: name, value, unit: 'ms', baseline, steps, bytes: text.length, load: loadAverage() })
})
