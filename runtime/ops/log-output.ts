/** The log as people read it on a terminal: a time, how bad it is, what happened, and the facts; programs get the lines as they are. */
import pc from 'picocolors'
import { jsonText } from '../../event/json-text.ts'
import { type Output, visible, wantsColour } from './terminal.ts'

interface Line {
  readonly time: string
  readonly level: string
  readonly msg: string
}

/** Where lines of a logger go. */
export function logWriter(errors: Output, environment: Readonly<Record<string, string | undefined>>): (line: string) => void {
  if (errors.isTTY !== true) return line => void errors.write(line)
  const colours = pc.createColors(wantsColour(errors, environment))
  const paint: Readonly<Record<string, (text: string) => string>> = { warn: colours.yellow, error: colours.red, debug: colours.dim }
  return line => {
    const { time, level, msg, pid: _pid, hostname: _hostname, ...facts } = JSON.parse(line) as Line & Record<string, unknown>
    const clock = time.slice(time.indexOf('T') + 1, -1)
    const told = Object.entries(facts).map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : jsonText(value)}`)
    const importance = (paint[level] ?? String)(level.padEnd(5))
    errors.write(`${colours.dim(clock)} ${importance} ${visible(msg)}${colours.dim(visible(told.join('')))}\n`)
  }
}
