/** `allsource diff`: what becomes of the state of a topology when another version takes its place. */
import { EventStoreError } from '../../../event/error.ts'
import { diffPlans, type StepDiff, type TopologyDiff } from '../../../topology/diff.ts'
import { type DeployedPlan, firstLayout } from '../../../topology/state-layout.ts'
import { type Call, command } from '../command.ts'
import { topologyPlace } from '../place.ts'
import { Table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { threadOptions, unlessInterrupted } from '../user-code.ts'
import { text } from '../values.ts'

export const diff = command({
  name: 'diff',
  summary: 'Says what becomes of each step’s state when one version of a topology takes the place of another.',
  arguments: {
    old: { value: text('OLD'), summary: 'A file, or the name of a topology that is deployed.' },
    new: { value: text('NEW'), summary: 'A file, or the name of a topology that is deployed.' },
  },
  flags: {},
  notes: [
    'kept: goes on with its state. migrated: its state is made new by upgrade, or by the operator. new: begins empty. dropped: is gone. replay needed: ' +
      'its state is of no use, and only a fold from the first event on makes it right.',
    'Exit 1 when deploy would refuse it without --accept, because something that was kept is lost or missing; else 0. Files are looked at without a store.',
  ],
  examples: [
    { line: 'allsource diff orders.yaml orders-v2.yaml', does: 'two files' },
    { line: 'allsource diff orders orders.yaml --json', does: 'what runs, and the file that is to take its place' },
  ],
  async run(call) {
    const { terminal, signal } = call
    const old = await unlessInterrupted(signal, () => planNamed(call.arguments.old, call))
    const plan = old && (await unlessInterrupted(signal, () => planNamed(call.arguments.new, call)))
    if (old === undefined || plan === undefined) return undefined
    if (old.topology !== plan.topology)
      throw new EventStoreError('INVALID', `${old.topology} and ${plan.topology} are two topologies, not two versions of one`, {
        field: 'new',
      })
    const found = diffPlans(old, plan, old.states)
    if (terminal.json) await terminal.record(found)
    else await printDiff(terminal, found)
    return found.isSafe ? undefined : 'failed'
  },
})

/** A file has an ending, which the name of a topology may have too: what is there as a file is one. */
async function planNamed(given: string, call: Call): Promise<DeployedPlan> {
  const { workingDirectory, open } = call
  if (!/[./\\]/.test(given)) return (await (await open()).deployedPlan(given)) as DeployedPlan
  const { planFile } = await import('../../index.ts')
  const plan = await planFile(topologyPlace(given, workingDirectory), threadOptions(call))
  return { ...plan, states: firstLayout(plan).states }
}

async function printDiff(terminal: Terminal, { topology, from, to, steps, isSafe }: TopologyDiff): Promise<void> {
  await terminal.line(terminal.colours.bold(`${topology}: version ${from} → ${to}`))
  const table = new Table(terminal, [{ title: 'step' }, { title: 'operator' }, { title: 'state' }, { title: 'why' }])
  for (const { id, operator, change, why } of steps) await table.row([id, operator, words[change], why])
  await table.flush()
  const lost = steps.filter(({ isLoss }) => isLoss).map(({ id }) => id)
  if (!isSafe) await terminal.line(`deploy refuses this without --accept: ${lost.join(', ')}`)
}

const words: Readonly<Record<StepDiff['change'], string>> = {
  kept: 'kept',
  migrated: 'migrated',
  new: 'new',
  dropped: 'dropped',
  replay: 'replay needed',
}
