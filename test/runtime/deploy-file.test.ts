/** Topologies in files: functions and tables are found beside the file, and what is wrong is said with the name that was typed. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { listOf, pay, until } from './deployed-node.ts'

const fileUrl = (name: string): URL => new URL(`./topologies/${name}`, import.meta.url)
const typed = (name: string): string => relative(process.cwd(), fileURLToPath(fileUrl(name)))

async function refusal(node: Node, file: string | URL, options = {}): Promise<EventStoreError> {
  try {
    await node.deploy(file, options)
  } catch (error) {
    if (error instanceof EventStoreError) return error
    throw error
  }
  throw new Error('it was deployed')
}

/** The last big payment of each customer among the first 100. */
const lastBig = (customer: string): number => {
  const all = Array.from({ length: 100 }, (_, number) => ({
    customer: `c${number % 5}`,
    cents: number % 10 === 9 ? -1 : (number * 37) % 300,
  }))
  return all.filter(one => one.customer === customer && one.cents >= 100).at(-1)!.cents
}
const regions = { c0: 'north', c1: 'south', c2: 'north', c3: 'west', c4: 'east' }

for (const file of [typed('regions.yaml'), fileUrl('regions.yaml'), fileUrl('regions.yaml').href]) {
  test(`deploys ${String(file)} with the functions and tables beside it`, async () => {
    const node = await openNode({ memory: true })
    await pay(node, 100)
    assert.equal(await node.deploy(file, { until: 'head' }), { name: 'regions', version: 2, status: 'running' })
    const status = await node.topologyEnded('regions')
    assert.equal([status.status, status.module], ['ended', fileUrl('regions.yaml').href])
    assert.equal(
      await listOf(node, 'regions'),
      Object.entries(regions).map(([customer, region]) => ({ key: [customer], value: { region, cents: lastBig(customer) } })),
    )
    assert.equal(
      status.steps.map(({ id, operator, in: taken }) => [id, operator, taken > 0]),
      [
        ['paid', 'log', true],
        ['big', 'filter', true],
        ['region', 'enrich', true],
        ['rows', 'projection', true],
      ],
    )
    await node.close()
  })
}

test('deploys a plain topology from JSON', async () => {
  const node = await openNode({ memory: true })
  await pay(node, 100)
  await node.deploy(fileUrl('plain.json'), { until: 'head' })
  await node.topologyEnded('plain')
  assert.equal(
    await listOf(node, 'plain'),
    Object.keys(regions).map(customer => ({ key: [customer], value: { cents: lastBig(customer) } })),
  )
  await node.close()
})

test('the epoch of the file counts, not that of the node', async () => {
  const node = await openNode({ memory: true, epochMs: 1_000_000 })
  await node.deploy(fileUrl('regions.yaml'))
  await pay(node, 100)
  await until(async () => (await node.state('regions').get('c0'))?.durable === true)
  const [status] = await node.topologies()
  assert.ok(status!.epoch > 0)
  assert.type(status!.lastEpochMs, 'number')
  await node.close()
})

test('says what is wrong with the name that was typed', async () => {
  const node = await openNode({ memory: true })
  const misspelt = await refusal(node, typed('misspelt.yaml'))
  assert.is(misspelt.code, 'INVALID')
  assert.ok(misspelt.message.startsWith(`${typed('misspelt.yaml')}:6:`), misspelt.message)
  assert.is((misspelt.details['findings'] as unknown[]).length > 0, true)
  for (const [file, says] of [
    ['no-module.yaml', '#isBig'],
    ['no-function.yml', 'isHuge'],
    ['wrong.json', 'source'],
    ['absent.yaml', 'no such file'],
    ['absent.json', 'no such file'],
  ] as const) {
    const { code, message, details } = await refusal(node, typed(file))
    assert.is(code, 'INVALID')
    assert.ok(message.startsWith(typed(file)) && message.includes(says), message)
    assert.is(details['file'], typed(file))
  }
  assert.match((await refusal(node, fileUrl('absent.yaml'))).message, fileURLToPath(fileUrl('absent.yaml')))
  assert.is((await refusal(node, fileUrl('regions.yaml'), { export: 'other' })).code, 'INVALID')
  assert.is((await refusal(node, 'https://localhost/topology.yaml')).code, 'INVALID')
  assert.is((await refusal(node, new URL('./topologies/', import.meta.url))).code, 'INVALID')
  assert.equal(await node.topologies(), [])
  assert.is(await node.streamVersion('$topology'), 0)
  await node.close()
})

test.run()
