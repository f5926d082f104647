/** The view of `top`: status and rates between two looks, in place on a terminal, one below the other elsewhere. */
import type { StepStatus, TopologyStatus } from '../index.ts'
import { Table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { printTroubles, recordOf, watermarkText } from './topology-output.ts'

interface Look {
  readonly topologies: readonly TopologyStatus[]
  readonly atMs: number
}

const indent = '  '

export class TopView {
  readonly #terminal: Terminal
  #before: Look | undefined
  #now: Look | undefined
  #isFirst = true

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  look(topologies: readonly TopologyStatus[], atMs: number): void {
    this.#before = this.#now
    this.#now = { topologies, atMs }
  }

  async print(): Promise<void> {
    const { topologies } = this.#now ?? { topologies: [] }
    if (this.#terminal.json) {
      for (const one of topologies)
        await this.#terminal.record({ ...recordOf(one), rowsPerSecond: this.#rate(one.name, ({ rowsIn }) => rowsIn) })
      return this.#terminal.flush()
    }
    this.#terminal.nextView(this.#isFirst)
    this.#isFirst = false
    await this.#printTable(topologies)
  }

  async #printTable(topologies: readonly TopologyStatus[]): Promise<void> {
    const numbers = ['rows/s', 'in', 'out', 'late', 'suspect', 'dead', 'lag'].map(title => ({ title, align: 'right' as const }))
    const table = new Table(this.#terminal, [{ title: 'topology' }, { title: 'status' }, ...numbers, { title: 'watermark' }])
    for (const one of topologies) {
      const { name, status, rowsIn, rowsOut, late, suspect, dead, lagEvents } = one
      const rate = this.#rate(name, found => found.rowsIn)
      await table.row([name, status, rate, rowsIn, rowsOut, late, suspect, dead, lagEvents, watermarkText(one.watermark) ?? '–'])
      for (const step of one.steps) {
        const ownRate = this.#rate(name, found => stepNamed(found, step.id)?.in ?? 0)
        await table.row([indent + step.id, step.operator, ownRate, step.in, step.out, step.late, step.suspect, step.dead, '', ''])
      }
    }
    await table.flush()
    await printTroubles(this.#terminal, topologies)
    if (topologies.length === 0) await this.#terminal.line('no topology is deployed; allsource deploy FILE deploys one')
    await this.#terminal.flush()
  }

  /** A second between the two looks, whole. */
  #rate(name: string, count: (status: TopologyStatus) => number): number {
    const find = (look: Look | undefined): TopologyStatus | undefined => look?.topologies.find(one => one.name === name)
    const [before, now] = [find(this.#before), find(this.#now)]
    const seconds = ((this.#now?.atMs ?? 0) - (this.#before?.atMs ?? 0)) / 1000
    return before && now && seconds > 0 ? Math.max(0, Math.round((count(now) - count(before)) / seconds)) : 0
  }
}

function stepNamed({ steps }: TopologyStatus, id: string): StepStatus | undefined {
  return steps.find(step => step.id === id)
}
