/** Findings as people and programs read them. */
import { relative } from 'node:path'
import type { LintedFile } from '../index.ts'
import { underlined } from './source-text.ts'
import { type Terminal, visible } from './terminal.ts'

/** Each finding with the line it is about and a caret under the place. */
export async function printFindings(terminal: Terminal, files: readonly LintedFile[], base: string): Promise<void> {
  const { colours } = terminal
  for (const { file, text, findings } of files) {
    for (const finding of findings) {
      const { severity, line, column, rule, message } = finding
      const paint = severity === 'error' ? colours.red : colours.yellow
      await terminal.line(
        `${visible(shortPath(file, base))}:${line}:${column}: ${paint(severity)}: ${visible(message)} ${colours.dim(`[${rule}]`)}`,
      )
      const [source, carets] = text === undefined ? [] : underlined(text, finding)
      if (source !== undefined && source.trim() !== '') {
        const margin = String(line)
        await terminal.line(`  ${colours.dim(`${margin} |`)} ${source}`)
        await terminal.line(`  ${colours.dim(`${' '.repeat(margin.length)} |`)} ${paint(carets ?? '')}`)
      }
    }
  }
}

/** How many there are, for people. */
export function remarkFindings(terminal: Terminal, files: readonly LintedFile[]): void {
  terminal.remark(sumOf(files))
}

/** A line of JSON for each. */
export async function printFindingRecords(terminal: Terminal, files: readonly LintedFile[], base: string): Promise<void> {
  for (const { file, findings } of files) for (const finding of findings) await terminal.record({ file: shortPath(file, base), ...finding })
}

/** Relative to the working directory, with slashes on every system. */
export function shortPath(file: string, base: string): string {
  return relative(base, file).replaceAll('\\', '/') || file
}

function sumOf(files: readonly LintedFile[]): string {
  const all = files.flatMap(({ findings }) => findings)
  const errors = all.filter(({ severity }) => severity === 'error').length
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
  return `${count(errors, 'error')} and ${count(all.length - errors, 'warning')} in ${count(files.length, 'file')}`
}
