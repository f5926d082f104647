/** Reports of tests of topologies as people and programs read them. */
import type { TestFileReport } from '../index.ts'
import { printFindings, shortPath } from './lint-output.ts'
import { type Terminal, visible } from './terminal.ts'

type Report = TestFileReport['tests'][number]

/** Of one difference. */
const linesShown = 60

export class TestOutput {
  readonly #terminal: Terminal
  readonly #base: string
  readonly #counts = { passed: 0, failed: 0, updated: 0 }
  #findings = 0

  /** Files are named relative to `base`. */
  constructor(terminal: Terminal, base: string) {
    this.#terminal = terminal
    this.#base = base
  }

  get hasFailed(): boolean {
    return this.#counts.failed > 0 || this.#findings > 0
  }

  async report(report: TestFileReport): Promise<void> {
    const { tests, findings } = report
    for (const { status } of tests) this.#counts[status]++
    this.#findings += findings.filter(({ severity }) => severity === 'error').length
    const file = shortPath(report.file, this.#base)
    if (this.#terminal.json) {
      for (const finding of findings) await this.#terminal.record({ file, finding })
      for (const test of tests) await this.#terminal.record({ file, ...test })
    } else {
      await printFindings(this.#terminal, [report], this.#base)
      if (tests.length > 0) await this.#terminal.line(this.#terminal.colours.bold(visible(file)))
      for (const test of tests) await this.#print(test)
    }
    await this.#terminal.flush()
  }

  async #print({ name, status, differences }: Report): Promise<void> {
    const { colours } = this.#terminal
    const marks = { passed: colours.green('✓'), failed: colours.red('✗'), updated: colours.yellow('✎') }
    await this.#terminal.line(`  ${marks[status]} ${visible(name)}${status === 'updated' ? colours.dim(' (updated)') : ''}`)
    if (status !== 'failed') return
    for (const { what, lines } of differences) {
      await this.#terminal.line(`      ${visible(what)}`)
      for (const line of lines.slice(0, linesShown)) {
        const paint = line.startsWith('-') ? colours.red : line.startsWith('+') ? colours.green : colours.dim
        await this.#terminal.line(`      ${paint(visible(line))}`)
      }
      if (lines.length > linesShown)
        await this.#terminal.line(colours.dim(`      and ${lines.length - linesShown} lines more; --json shows all`))
    }
  }

  /** `filter`: why there may be none. */
  async total(filter: string | undefined): Promise<void> {
    const { passed, failed, updated } = this.#counts
    const tests = passed + failed + updated
    if (this.#terminal.json) return this.#terminal.record({ tests, ...this.#counts, findings: this.#findings })
    const parts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : []), ...(updated > 0 ? [`${updated} updated`] : [])]
    await this.#terminal.line(`${tests} ${tests === 1 ? 'test' : 'tests'}: ${parts.join(', ')}`)
    if (tests === 0 && filter !== undefined) this.#terminal.remark(`no test has ${JSON.stringify(filter)} in its name`)
    else if (failed > 0) this.#terminal.remark('- expected, + came; --update takes what came')
  }
}
