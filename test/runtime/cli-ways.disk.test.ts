/** Every command answers the same whichever way it goes: the directory itself, the socket of the node that runs on it, or the address of one. */
// Deadline: 600 s
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { type Typed, typeHere } from './command-line.ts'
import { type Folder, topologyFolder } from './topology-folder.ts'

const order = (customer: string, total: number): string => JSON.stringify({ type: 'order.placed', data: { customer, total } })
const orders = [order('ada', 300), order('eve', 500), order('zoe', 700), order('bob', 5), order('bob', 150)].join('\n')
const plain = [
  'topology: plain',
  'version: 1',
  'sources: { all: { follow: { types: [order.placed] }, fields: { customer: text, total: number } } }',
  'steps: []',
  'sinks: { sums: { from: all, projection: { name: sums, key: [customer], value: [total] } } }',
]

/** A line, and what comes on standard input. Each is typed for people and for programs, in this order. */
const reading: readonly (readonly [line: string, input?: string])[] = [
  ['stats'],
  ['read order-1'],
  ['read order-1 --from 2 --to 4 --limit 2'],
  ['read order-1 --backwards --limit 3'],
  ['read order-1 --as-of 2020-01-01'],
  ['read --all --types order.placed,never --limit 2'],
  ['read --all --categories thing --backwards'],
  ['read --all --system'],
  ['read --all --tags t --since 2026-01-01 --until 2999-01-01'],
  ['read --all --correlation c-1,c-2'],
  ['read --all --since 2999-01-01'],
  ['read --all --until 2000-01-01'],
  ['read nothing'],
  ['read order-1 --limit 0'],
  ['read order-1 --from x'],
  ['read order-1 --types a'],
  [`read '${'x'.repeat(513)}'`],
  ['state get totals 1'],
  ['state list nowhere'],
  ['topologies'],
  ['top --once --interval 100'],
  ['pause nowhere'],
  ['resume nowhere'],
  ['drain nowhere'],
  ['undeploy nowhere'],
  ['dead-letters list nowhere'],
  ['dead-letters show nowhere 3'],
  ['dead-letters replay nowhere --all'],
  ['run orders.yaml --dry --sample 4'],
  ['verify'],
]

const writing: readonly (readonly [line: string, input?: string])[] = [
  ['append order-1', orders],
  [`append thing-1 --type a --data '{"n":1.50,"big":12345678901234567890}'`],
  [`append thing-1 --type a --data '"text"' --id one --durability os`],
  [`append thing-1 --type a --data '"text"' --id one`],
  [`append thing-1 --type a --data '"other"' --id one`],
  ['append thing-1 --expected 7', order('ada', 1)],
  ['append thing-1 --expected 2', order('ada', 1)],
  ['append thing-1 --expected none', order('ada', 1)],
  ['append $mine', order('ada', 1)],
  ['append thing-1', `${order('ada', 1)}\n{"type":"","data":1}`],
  [
    'append thing-1',
    `{"type":"a","data":{"$bytes":"AQI="},"encoding":"bytes","tags":["t"],"metadata":{"correlationId":"c-1"},"time":"2026-01-31T00:00:00Z"}`,
  ],
  ['append thing-1', `{"type":"a","data":[1],"encoding":"msgpack"}`],
  ['append thing-1', ''],
  ['append thing-1', 'nonsense'],
  ['append thing-1 --tenant acme', order('ada', 1)],
  ['tenants'],
  ['tenants --tenant acme'],
  ['tenant drop acme --tenant acme'],
  ['tenant drop acme'],
  ['tenant drop acme'],
  ['tenant drop default'],
  ['tenant drop .'],
  ['tenants'],
]

const deploying: readonly (readonly [line: string, input?: string])[] = [
  ['deploy plain.yaml --until head'],
  ['deploy plain.yaml --until head'],
  ['deploy broken.yaml'],
  ['deploy nowhere.yaml'],
  ['topologies'],
  ['state list sums'],
  ['state list sums --prefix ada'],
  ['state list sums --prefix [] --limit 1'],
  [`state get sums '"ada"'`],
  [`state get sums '["zoe"]'`],
  [`state get sums '"nobody"'`],
  [`state get sums '"ada"' --as-of 2999-01-01`],
  [`state get sums '"ada"' --as-of 2020-01-01`],
  ['state list sums --as-of 2999-01-01'],
  [`state list sums --where 'total=5'`],
  [`state list sums --where 'nothing=5'`],
  ['pause plain'],
  ['drain plain'],
  ['dead-letters list plain'],
  ['undeploy plain'],
  ['topologies'],
  ['state list sums'],
]

/** What is another at every try: places, times, ids, sizes, and where the files are. */
function normal({ exit, output, errors }: Typed, folder: Folder, isOfFigures: boolean): Record<string, unknown> {
  const same = (text: string): string =>
    text
      .replaceAll(folder.path, 'FOLDER')
      .replaceAll(/FOLDER\/(?:(?:here|socket|address)\/)?data|http:\/\/127\.0\.0\.1:\d+/g, 'STORE')
      // A text has no file: the node keeps it in one of its own.
      .replaceAll(/file:\/\/STORE\/topologies\/(\w+)-\w+\.yaml/g, 'file://FOLDER/$1.yaml')
      .replaceAll('the topology:', 'FOLDER/broken.yaml:')
      .replaceAll('"file":"the topology"', '"file":"FOLDER/broken.yaml"')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      // With the room up to what stands beside it, be it a `$`: how wide a position is changes with the time.
      .replaceAll(/\b\d+\.\d+\.\d+\.\d+\b */g, 'POSITION ')
      // As wide as the positions below it.
      .replaceAll(/^position +/gm, 'position ')
      .replaceAll(/"(stamp|order|diskBytes|segments|lastEpochMs|epoch|recorded|handled|rowsPerSecond)":\d+(?:\.\d+)?/g, '"$1":N')
      // A node that goes on looks again after a minute.
      .replaceAll(/"state":\{"rows":\d+,"bytes":\d+\}/g, '"state":{}')
      .replaceAll(/(store id|disk bytes) +\S+|( *[\d,]+)$/gm, '$1')
      .replaceAll(/"(id|storeId)":"[^"]*"/g, '"$1":"ID"')
  // Figures of work are of the node that did it, since it was opened.
  const figures = (text: string): string => (isOfFigures ? text.replaceAll(/ *[\d,.]*\d/g, 'N') : text)
  return { exit, output: figures(same(output)), errors: same(errors) }
}

interface Ways {
  readonly folder: Folder
  readonly type: (line: string, input?: string) => Promise<Record<string, unknown>[]>
}

/** Three stores alike: one that commands open, one whose node is found by its directory, and one whose node is asked at an address. */
async function ways(work: (ways: Ways) => Promise<void>): Promise<void> {
  const folder = topologyFolder()
  folder.write('plain.yaml', ...plain)
  folder.write('broken.yaml', 'topology: broken', 'version: 1', 'sources: {}', 'steps: 3')
  const directories = ['here', 'socket', 'address'].map(name => join(folder.path, name, 'data'))
  const shape = { partitions: 2, shards: 1, workers: 1 }
  const nodes: Node[] = []
  for (const directory of directories) nodes.push(await openNode({ directory, ...shape }))
  await nodes.shift()!.close()
  const [bySocket, byAddress] = await Promise.all([nodes[0]!.serve({ port: null }), nodes[1]!.serve({ port: 0 })])
  assert.ok(bySocket.addresses['socket'])
  const places = [`--data ${directories[0]!}`, `--data ${directories[1]!}`, `--url ${byAddress.addresses['http']!}`]
  const type: Ways['type'] = async (line, input = '') => {
    const answers: Record<string, unknown>[] = []
    for (const place of places) {
      const only = place.startsWith('--url') || place === places[1] ? {} : { openNode }
      answers.push(
        normal(await typeHere(`${place} ${line}`, { workingDirectory: folder.path, input, ...only }), folder, line.includes('stats')),
      )
    }
    return answers
  }
  try {
    await work({ folder, type })
  } finally {
    for (const node of nodes) await node.close()
    folder.remove()
  }
}

const flags = ['', ' --json']

/** With `alternately` each line is typed in one of the two forms, where another test types it in both. */
async function same({ type }: Ways, lines: typeof reading, alternately = false): Promise<void> {
  const differences: string[] = []
  for (const [index, [line, input]] of lines.entries())
    for (const flag of alternately ? [flags[index % 2]!] : flags) {
      const [here, socket, address] = await type(line + flag, input)
      const told = JSON.stringify(here, null, 1)
      for (const [way, answer] of Object.entries({ socket, address }))
        if (JSON.stringify(answer, null, 1) !== told)
          differences.push(`${line}${flag} by ${way}:\n${told}\n${JSON.stringify(answer, null, 1)}`)
    }
  assert.is(differences.join('\n\n'), '')
}

test('an empty store', () => ways(all => same(all, reading, true)))

test('appending, and reading what was appended', () =>
  ways(async all => {
    await same(all, writing)
    // What was refused is told by the node that refused it; a directory that is opened for one command has refused nothing.
    await same(
      all,
      reading.filter(([line]) => line !== 'stats'),
    )
  }))

test('topologies from deploying to undeploying', () =>
  ways(async all => {
    await all.type('append order-1', orders)
    await same(all, deploying)
  }))

test('another tenant sees nothing of it', () =>
  ways(async all => {
    await all.type('--tenant blue append order-1', orders)
    await same(
      all,
      reading.map(([line]) => [`${line} --tenant blue`]),
      true,
    )
    await same(all, [['read order-1']])
  }))

test.run()
