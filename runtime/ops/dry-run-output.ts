/** What a dry run gave, as people and programs read it. */
import type { DryRun } from '../index.ts'
import { timeText } from '../../event/json-text.ts'
import { Table } from './table.ts'
import { type Terminal, visible } from './terminal.ts'

export async function printDryRun(terminal: Terminal, { plan, outcome }: DryRun): Promise<void> {
  const { source, steps, watermark, ...results } = outcome
  const time = watermark === undefined ? null : timeText(watermark)
  if (terminal.json) {
    const { outputs, webhooks, state, dead } = results
    return terminal.record({
      topology: plan.topology,
      version: plan.version,
      source,
      steps,
      watermark: time,
      outputs,
      webhooks,
      state,
      dead,
    })
  }
  const numbers = ['in', 'out', 'late', 'suspect', 'dead'].map(title => ({ title, align: 'right' as const }))
  const table = new Table(terminal, [{ title: 'step' }, { title: 'operator' }, ...numbers])
  await table.row([source.id, source.kind === 'log' ? 'the log' : 'generator', source.rows, source.rows - source.dead, 0, 0, source.dead])
  for (const { id, operator } of plan.steps) {
    const counts = steps[id]
    if (counts) await table.row([id, operator, counts.in, counts.out, counts.late, counts.suspect, counts.dead])
  }
  await table.flush()
  for (const { step, cause } of results.dead.first.slice(0, deadShown))
    await terminal.line(`${terminal.colours.red(visible(step))}: ${visible(cause)}`)
  if (results.dead.count > deadShown) terminal.remark(`and ${results.dead.count - deadShown} more were given up; --json shows more of them`)
  terminal.remark(
    source.rows === 0 ? 'there was nothing to take' : 'nothing was written or sent; --json shows what the sinks would have got',
  )
}

const deadShown = 3
