/** `allsource savepoint`: all that a topology holds, kept to go back to. */
import type { Savepoint } from '../../../event/savepoints.ts'
import { EventStoreError } from '../../../event/error.ts'
import { timeText } from '../../../event/json-text.ts'
import { command } from '../command.ts'
import { Table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { recordOf, printTopologies } from '../topology-output.ts'
import { statusNamed } from '../topology-wait.ts'
import { text } from '../values.ts'

const name = { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } as const
const id = { value: text('ID'), summary: 'Id of the savepoint, as list prints it.' } as const

export const savepointCreate = command({
  name: 'savepoint create',
  summary: 'Copies what a topology holds as of its last epoch: state, position, rows of projections.',
  arguments: { name },
  flags: { label: { value: text('TEXT'), summary: 'A word for people, which list shows.' } },
  notes: [
    'The topology goes on folding while the copy is made; only its epochs wait. The copy lies in the store, and takes as much of the disk as the state does. ' +
      'It goes when the topology is undeployed, unless that is told to keep it.',
  ],
  examples: [{ line: 'allsource savepoint create orders --label "before version 2"', does: 'a savepoint, and its id' }],
  async run({ arguments: given, flags: { label }, terminal, open }) {
    const made = await (await open()).savepoint(given.name, label === undefined ? {} : { label })
    await printSavepoints(terminal, [made])
  },
})

export const savepointList = command({
  name: 'savepoint list',
  summary: 'Lists savepoints with their time, epoch, position and size.',
  arguments: { name: { ...name, optional: true } },
  flags: {},
  notes: ['Without a name those of all topologies, also of topologies that are not deployed any more. With --json each is one line.'],
  examples: [{ line: 'allsource savepoint list orders', does: 'the oldest first' }],
  async run({ arguments: given, terminal, open }) {
    const all = await (await open()).savepoints(given.name)
    await printSavepoints(terminal, all)
    if (all.length === 0) terminal.remark('no savepoints')
  },
})

export const savepointRestore = command({
  name: 'savepoint restore',
  summary: 'Takes a topology back to a savepoint, from where it folds on.',
  arguments: { name },
  flags: {
    savepoint: { value: text('ID'), summary: 'Id of the savepoint, as list prints it.' },
    accept: { value: null, summary: 'Though state is lost that is of no use to the version of now, or events are appended once more.' },
  },
  notes: [
    'The topology stops, readers see the rows of the savepoint at once, and it folds from its position. Events that it has appended since are sent ' +
      'again under the numbers they had, and recognised: nothing is appended twice, as long as the topology and its code are what they were.',
  ],
  examples: [{ line: 'allsource savepoint restore orders --savepoint 20260131T120000', does: 'back to noon' }],
  runsTopologies: true,
  async run({ arguments: given, flags: { savepoint, accept }, terminal, open }) {
    const node = await open()
    await node.restoreSavepoint(given.name, requiredId(savepoint), accept ? { accept } : {})
    const status = await statusNamed(node, given.name)
    if (terminal.json) await terminal.record(recordOf(status))
    else await printTopologies(terminal, [status])
    terminal.remark(`${given.name} goes on from savepoint ${savepoint}`)
  },
})

export const savepointDelete = command({
  name: 'savepoint delete',
  summary: 'Drops a savepoint.',
  arguments: { name, id },
  flags: {},
  notes: ['One that is not there is NOT_FOUND, exit 1.'],
  examples: [{ line: 'allsource savepoint delete orders 20260131T120000', does: 'its room on the disk is free again' }],
  async run({ arguments: given, terminal, open }) {
    await (await open()).dropSavepoint(given.name, given.id)
    if (terminal.json) await terminal.record({ topology: given.name, id: given.id, deleted: true })
    else await terminal.line(`savepoint ${given.id} of ${given.name} is gone`)
  },
})

function requiredId(savepoint: string | undefined): string {
  if (savepoint !== undefined) return savepoint
  throw new EventStoreError('INVALID', '--savepoint ID is missing: allsource savepoint list prints the ids', { field: '--savepoint' })
}

async function printSavepoints(terminal: Terminal, savepoints: readonly Savepoint[]): Promise<void> {
  const right = { align: 'right' } as const
  const table = new Table(terminal, [
    { title: 'topology' },
    { title: 'savepoint' },
    { title: 'label' },
    { title: 'time' },
    { title: 'version' },
    ...['epoch', 'rows', 'bytes'].map(title => ({ title, ...right })),
    { title: 'position' },
  ])
  for (const one of savepoints) {
    const { topology, id: made, label = '', time, version, epoch, rows, bytes, position } = one
    if (terminal.json) await terminal.record({ ...one, time: timeText(time) })
    else await table.row([topology, made, label, timeText(time), String(version), epoch, rows, bytes, position ?? '–'])
  }
  await table.flush()
}
