/** Where a command writes: answers on stdout, progress and remarks on stderr, colours and bars only where a person looks. */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import cliProgress from 'cli-progress'
import pc from 'picocolors'
import { systemClock } from '../../event/clock.ts'
import { jsonText } from '../../event/json-text.ts'

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }
export type Colours = ReturnType<typeof pc.createColors>

/** Text is gathered to this many bytes before it is written, so that a large read is not one system call a line. */
const gatherBytes = 64 * 1024
/** Without a terminal, progress is a plain line at most this often. */
const plainProgressMs = 5_000

export interface TerminalOptions {
  readonly output: Output
  readonly errors: Output
  readonly json: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Progress {
  /** `share` from 0 to 1 where the end is known, else null. */
  update(share: number | null, text: string): void
  end(): void
}

export class Terminal {
  readonly json: boolean
  readonly colours: Colours
  /** Characters of a line where a person reads stdout, else null. */
  readonly width: number | null
  /** Nobody reads stdout any more, as after `| head`. */
  isBroken = false
  readonly #output: Output
  readonly #errors: Output
  readonly #errorColours: Colours
  #gathered: string[] = []
  #gatheredBytes = 0

  constructor({ output, errors, json, environment }: TerminalOptions) {
    this.json = json
    this.#output = output
    this.#errors = errors
    this.colours = pc.createColors(wantsColour(output, environment))
    this.#errorColours = pc.createColors(wantsColour(errors, environment))
    this.width = output.isTTY ? (output.columns ?? 80) : null
  }

  /** One line of the answer; waits when the reader is slower than we are. */
  async line(text: string): Promise<void> {
    this.#gathered.push(text, '\n')
    this.#gatheredBytes += text.length + 1
    if (this.#gatheredBytes >= gatherBytes) await this.flush()
  }

  /** A terminal is made empty for the next view; elsewhere an empty line parts it from the one before. */
  nextView(isFirst: boolean): void {
    const parting = this.width === null ? (isFirst ? '' : '\n') : '\u001b[H\u001b[2J'
    this.#gathered.push(parting)
    this.#gatheredBytes += parting.length
  }

  /** One line of JSON for a program. */
  async record(value: unknown): Promise<void> {
    await this.line(jsonText(value))
  }

  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0 || this.isBroken) return
    const text = this.#gathered.join('')
    this.#gathered = []
    this.#gatheredBytes = 0
    if (this.#output.write(text) || this.isBroken) return
    const waited = new AbortController()
    const { signal } = waited
    await Promise.race([once(this.#output, 'drain', { signal }), once(this.#output, 'close', { signal })]).catch(() => undefined)
    // Leaves no listener behind on a stream that lives as long as the process.
    waited.abort()
  }

  /** A remark for people; programs that asked for JSON get none. */
  remark(text: string): void {
    if (!this.json) this.#errors.write(`${this.#errorColours.dim(text)}\n`)
  }

  /** What went wrong, for people or as one line of JSON. */
  failure({
    code,
    message,
    details,
    next,
  }: {
    readonly code: string
    readonly message: string
    readonly details: unknown
    readonly next: string | null
  }): void {
    if (this.json) this.#errors.write(`${jsonText({ code, message, details })}\n`)
    else
      this.#errors.write(
        `${this.#errorColours.red(code)}: ${visible(message)}\n${next === null ? '' : `  ${this.#errorColours.dim('next:')} ${next}\n`}`,
      )
  }

  /** A bar where a person looks, else a plain line now and then; nothing for programs. */
  progress(title: string, kind: 'bar' | 'count'): Progress {
    if (this.json) return { update: () => undefined, end: () => undefined }
    return this.#errors.isTTY ? barOn(this.#errors, title, kind) : linesOn(this.#errors, title)
  }
}

/** `count`: how far is known, but not how far it is to go. */
function barOn(errors: Output, title: string, kind: 'bar' | 'count'): Progress {
  const format = kind === 'bar' ? `${title} {bar} {percentage}% {text}` : `${title} {text}`
  const bar = new cliProgress.SingleBar(
    { stream: errors, format, barsize: 24, hideCursor: true, clearOnComplete: true, linewrap: false },
    cliProgress.Presets.shades_classic,
  )
  bar.start(1000, 0, { text: '' })
  return { update: (share, text) => bar.update(Math.floor((share ?? 0) * 1000), { text }), end: () => bar.stop() }
}

function linesOn(errors: Output, title: string): Progress {
  let lastMs = systemClock.monotonic()
  const update = (share: number | null, text: string): void => {
    if (systemClock.monotonic() - lastMs < plainProgressMs) return
    lastMs = systemClock.monotonic()
    errors.write(`${title} ${share === null ? '' : `${Math.floor(share * 100)}% `}${text}\n`)
  }
  return { update, end: () => undefined }
}

/** https://no-color.org: any value but the empty one turns colours off. */
export function wantsColour(output: Output, environment: Readonly<Record<string, string | undefined>>): boolean {
  return output.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}

/** Control characters but the newline made visible, so that stored text can not steer somebody's terminal. */
export function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
