/** Tells how far a step of the example has come: a bar on a terminal, a line each second elsewhere; always on stderr. */
import { SingleBar } from 'cli-progress'

const lineEveryMs = 1000
const barWidth = 24

export interface Progress {
  /** `facts` stand at the end: lag, late, whatever the step knows. */
  at(value: number, facts?: Readonly<Record<string, number>>): void
  /** Answers the seconds it took. */
  done(value?: number, facts?: Readonly<Record<string, number>>): number
  /** Leaves the terminal as it was. */
  stop(): void
}

export interface Step {
  readonly name: string
  readonly unit: string
  readonly total: number
  /** What an earlier run had done already. */
  readonly from?: number
}

export function progress(step: Step): Progress {
  const begun = performance.now()
  const seconds = (): number => (performance.now() - begun) / 1000
  let facts: Readonly<Record<string, number>> = {}
  const from = step.from ?? 0
  let value = from
  const text = (): string => {
    const rate = `${number(seconds() > 0 ? (value - from) / seconds() : 0)} ${step.unit}/s`
    const rest = Object.entries(facts).map(([name, fact]) => `${name} ${number(fact)}`)
    return [`${number(value)} of ${number(step.total)}`, rate, ...rest].join(' · ')
  }
  const show = process.stderr.isTTY ? barOf(step, text) : linesOf(step, text)
  return {
    at(next, known) {
      value = next
      if (known) facts = known
      show.update(value)
    },
    done(last = step.total, known = facts) {
      value = last
      facts = known
      show.end(value)
      return seconds()
    },
    stop: () => show.stop(),
  }
}

interface Shown {
  update(value: number): void
  end(value: number): void
  stop(): void
}

function barOf(step: Step, text: () => string): Shown {
  const format = `${step.name.padEnd(8)} {bar} {percentage}% · {text}`
  const bar = new SingleBar({
    format,
    barsize: barWidth,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    gracefulExit: false,
  })
  bar.start(step.total, step.from ?? 0, { text: text() })
  return {
    update: value => bar.update(value, { text: text() }),
    end: value => {
      bar.update(value, { text: text() })
      bar.stop()
    },
    stop: () => bar.stop(),
  }
}

function linesOf(step: Step, text: () => string): Shown {
  let next = performance.now() + lineEveryMs
  const line = (value: number): void => {
    const percent = step.total === 0 ? 100 : Math.floor((100 * value) / step.total)
    process.stderr.write(`${step.name.padEnd(8)} ${percent}% · ${text()}\n`)
  }
  return {
    update(value) {
      // The last line is that of the end.
      if (performance.now() < next || value === step.total) return
      next = performance.now() + lineEveryMs
      line(value)
    },
    end: line,
    stop: () => {},
  }
}

/** Whole, with commas between the thousands. */
export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
