/** Dead letters of a node in memory: looked at, sent back once, put away, and what may not be done with them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type DeadLetter, type DeadLetterListOptions, type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, topologyModule, until } from './deployed-node.ts'

const letters = topologyModule('letters')

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

const make = (node: Node, ...rows: readonly (readonly [at: number, key: string, n: unknown])[]): Promise<unknown> =>
  node.appendInOrder(rows.map(([at, key, n]) => ({ stream: `made-${key}`, event: { type: 'made', data: { at, key, n } } })))

const list = (node: Node, options: DeadLetterListOptions = {}, topology = 'letters'): Promise<DeadLetter[]> =>
  Array.fromAsync(node.deadLetters(topology).list(options))

/** Waits until so many letters lie in the log, whatever has become of them. */
const lettersThere = (node: Node, count: number, topology = 'letters'): Promise<void> =>
  until(async () => (await list(node, { status: 'all' }, topology).catch(() => [])).length >= count)

async function started(pageRows = 64): Promise<Node> {
  const node = await openNode({ memory: true, epochMs: 10, partitions: 4, limits: { pageRows } })
  await node.deploy(letters)
  return node
}

test('shows what died, where and why, and can be read in parts', async () => {
  const node = await started()
  await make(node, [10, 'a', -1], [20, 'b', 'text'], [30, 'a', 2], [40, 'a', -3])
  await lettersThere(node, 3)
  const all = await list(node)
  const fine = all.filter(({ step }) => step === 'fine')
  const rows = [{ at: 10, key: 'a', n: -1 }, { at: 40, key: 'a', n: -3 }] // prettier-ignore
  const same = { attempts: 1, replayable: true, status: 'open', stream: 'made-a', type: 'made', port: 'main', input: 0 } as const
  for (const [at, row] of rows.entries()) {
    const { id, topology, deployment, recorded, position } = fine[at]!
    const expected = { step: 'fine', row, payload: row, eventTime: row.at, cause: `RangeError: ${row.n} is negative`, ...same }
    assert.equal(fine[at], { ...expected, id, topology, deployment, recorded, position })
  }
  const [window] = await list(node, { step: 'w' })
  assert.equal([window!.row['n'], window!.key, window!.code], ['text', ['key'], 'INVALID'])
  assert.equal((await node.readEventAt(window!.position!)).stream, 'made-b')
  assert.equal(await node.deadLetters('letters').show(window!.id), window)
  const ids = all.map(({ id }) => id)
  assert.equal((await list(node, { limit: 2 })).map(({ id }) => id), ids.slice(0, 2)) // prettier-ignore
  assert.equal((await list(node, { after: ids[0]! })).map(({ id }) => id), ids.slice(1)) // prettier-ignore
  assert.equal(await list(node, { limit: 0 }), [])
  assert.equal(await list(node, { status: 'replayed' }), [])
  assert.is(await codeOf(() => node.deadLetters('letters').show(99)), 'NOT_FOUND')
  for (const options of [{ limit: -1 }, { after: 1.5 }, { status: 'odd' as never }, { step: 1 as never }])
    assert.is(await codeOf(() => node.deadLetters('letters').list(options)), 'INVALID', JSON.stringify(options))
  for (const id of [0, 1.5, NaN, '1' as never]) assert.is(await codeOf(() => node.deadLetters('letters').show(id)), 'INVALID')
  assert.is(await codeOf(() => list(node, {}, 'nobody')), 'NOT_FOUND')
  await node.close()
  assert.is(await codeOf(() => node.deadLetters('letters')), 'CLOSED')
})

test('a patched row goes on from its step, once; what dies again is another letter', async () => {
  const node = await started()
  const dead = node.deadLetters('letters')
  await make(node, [10, 'a', -1], [20, 'b', 'text'])
  await lettersThere(node, 2)
  const [fine] = await list(node, { step: 'fine' })
  const [window] = await list(node, { step: 'w' })
  const done = await dead.replay(fine!.id, { set: { n: 5, more: { list: [1] } } })
  assert.equal([done.letters, done.skipped, typeof done.position], [1, 0, 'string'])
  assert.equal((await dead.show(fine!.id)).status, 'replayed')
  await until(async () => (await listOf(node, 'letters-rows')).length === 2)
  assert.equal((await listOf(node, 'letters-rows')).map(({ key }) => key), [['a', 5], ['b', 'text']]) // prettier-ignore
  assert.is(await codeOf(() => dead.replay(fine!.id)), 'INVALID')
  assert.is(await codeOf(() => dead.discard(fine!.id)), 'INVALID')
  await dead.replay([window!.id, window!.id], { set: { n: 'still' } })
  await lettersThere(node, 3)
  const [again] = await list(node)
  assert.equal(
    [again!.step, again!.attempts, again!.replayOf, again!.row['n'], again!.position, again!.stream],
    ['w', 2, window!.id, 'still', window!.position, 'made-b'],
  )
  assert.equal(again!.payload, { at: 20, key: 'b', n: 'text' })
  await dead.replay(again!.id, { set: { n: 7 } })
  await dead.replay(fine!.id, { set: { n: null }, again: true })
  await make(node, [100, 'z', 0])
  await until(async () => (await dataOf(node, 'letters-windows')).length === 2)
  assert.equal(await dataOf(node, 'letters-windows'), [
    { key: 'a', windowStart: 0, windowEnd: 100, count: 2, sum: 5 },
    { key: 'b', windowStart: 0, windowEnd: 100, count: 1, sum: 7 },
  ])
  await dead.replay(fine!.id, { set: { n: 1 }, again: true })
  await until(async () => (await dataOf(node, 'letters-late')).length === 1)
  assert.equal(await dataOf(node, 'letters-late'), [{ at: 10, key: 'a', n: 1 }], 'its window has closed by now')
  await node.close()
})

test('what was discarded is not open, and says why', async () => {
  const node = await started()
  const dead = node.deadLetters('letters')
  await make(node, [10, 'a', -1], [20, 'a', -2], [30, 'a', -3])
  await lettersThere(node, 3)
  const ids = (await list(node)).map(({ id }) => id)
  await dead.discard(ids[1]!, { reason: 'a test' })
  const { status, reason, handled } = await dead.show(ids[1]!)
  assert.equal([status, reason, typeof handled], ['discarded', 'a test', 'number'])
  assert.is(await codeOf(() => dead.replay([ids[0]!, ids[1]!])), 'INVALID')
  assert.equal((await list(node)).length, 2, 'all or nothing')
  assert.equal((await dead.discard({ step: 'w' })).letters, 0)
  assert.equal((await dead.discard({ step: 'fine' })).letters, 2)
  assert.equal((await list(node, { status: 'discarded' })).length, 3)
  assert.equal(await dead.discard('all'), { letters: 0, followers: 0, skipped: 0, waiting: 0, position: null })
  await dead.replay(ids[1]!, { again: true, set: { n: 4 } })
  assert.is((await dead.show(ids[1]!)).status, 'replayed')
  await node.close()
})

for (const pageRows of [1, 64, 4096])
  test(`sends all back while rows flow, each once, with pages of ${pageRows}`, async () => {
    const node = await started(pageRows)
    const dead = node.deadLetters('letters')
    const rows = Array.from({ length: 600 }, (_, i) => [i, 'abc'[i % 3]!, i % 5 === 0 ? -i - 1 : i] as const)
    const flowing = (async () => {
      for (let at = 0; at < rows.length; at += 20) {
        await make(node, ...rows.slice(at, at + 20))
        await new Promise<void>(done => void setImmediate(done))
      }
    })()
    let sent = 0
    // Two at once, over the same letters: nobody doubles the other's.
    while (sent < 120) {
      const both = await Promise.all([dead.replay('all', { set: { n: 1000 } }), dead.replay({ step: 'fine' }, { set: { n: 1000 } })])
      sent += both[0].letters + both[1].letters
      await new Promise<void>(done => void setImmediate(done))
    }
    await flowing
    assert.is(sent, 120)
    await make(node, [10_000, 'z', 0])
    await until(
      async () =>
        (await node.topologies())[0]!.lagEvents === 0 && (await windowRows(node)) + (await dataOf(node, 'letters-late')).length === 600,
    )
    assert.equal((await list(node)).length, 0)
    assert.equal((await list(node, { status: 'all' })).length, 120)
    const status = (await node.topologies())[0]!
    assert.equal([status.rowsIn, status.dead], [601, 120])
    await node.close()
  })

async function windowRows(node: Node): Promise<number> {
  const windows = (await dataOf(node, 'letters-windows')) as { count: number }[]
  return windows.reduce((sum, { count }) => sum + count, 0)
}

test('refuses what can not come back, and writes nothing then', async () => {
  const node = await started()
  await make(node, [10, 'a', -1])
  await lettersThere(node, 1)
  const dead = node.deadLetters('letters')
  const [{ id }] = (await list(node)) as [DeadLetter]
  const refused: (() => unknown)[] = [
    () => dead.replay(id, { set: { n: 1n } }),
    () => dead.replay(id, { set: { n: undefined } }),
    () => dead.replay(id, { set: [] as never }),
    () => dead.replay('some' as never),
    () => dead.replay({} as never),
    () => dead.replay([id, 1.5]),
    () => dead.replay('all', { again: true }),
    () => dead.discard(id, { reason: 1 as never }),
  ]
  for (const work of refused) assert.is(await codeOf(work), 'INVALID', String(work))
  assert.is(await codeOf(() => dead.replay([id, 98])), 'NOT_FOUND')
  assert.equal((await dead.replay([])).letters, 0)
  await node.undeploy('letters')
  assert.is(await codeOf(() => dead.replay(id)), 'INVALID')
  assert.is((await dead.show(id)).status, 'open')
  await node.deploy(letters)
  await lettersThere(node, 2)
  assert.is((await dead.show(id)).status, 'superseded')
  assert.is(await codeOf(() => dead.replay(id)), 'INVALID')
  assert.equal((await list(node)).map(({ row }) => row['n']), [-1]) // prettier-ignore
  assert.is((await dead.replay('all', { set: { n: 1 } })).letters, 1)
  await until(async () => (await listOf(node, 'letters-rows')).length === 1)
  await node.close()
})

test('a deployment does not take what another was sent', async () => {
  const node = await started()
  await make(node, [10, 'a', -1])
  await lettersThere(node, 1)
  await node.deadLetters('letters').replay('all', { set: { n: 6 } })
  await until(async () => (await listOf(node, 'letters-rows')).length === 1)
  await node.undeploy('letters')
  await node.deploy(letters)
  await lettersThere(node, 2)
  await until(async () => (await node.topologies())[0]!.lagEvents === 0)
  assert.equal(await listOf(node, 'letters-rows'), [])
  assert.equal((await list(node, { status: 'all' })).map(({ status }) => status), ['replayed', 'open']) // prettier-ignore
  await node.close()
})

test('a topology that ends takes nothing back, nor does one whose rows are generated', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await make(node, [10, 'a', -1])
  await node.deploy(letters, { export: 'ends', until: 'head' })
  await node.deploy(letters, { export: 'generated' })
  for (const name of ['ends', 'generated-letters']) {
    await node.topologyEnded(name)
    const dead = node.deadLetters(name)
    const [letter, ...rest] = await list(node, {}, name)
    assert.is(rest.length, name === 'ends' ? 0 : 19)
    for (const choice of [letter!.id, 'all'] as const) assert.is(await codeOf(() => dead.replay(choice)), 'INVALID')
    await dead.discard(letter!.id)
    assert.is((await list(node, {}, name)).length, rest.length)
  }
  await node.close()
})

test('a step that throws for every row does not stop the others', async () => {
  const node = await openNode({ memory: true, epochMs: 20, limits: { dirtyBytes: 500_000 } })
  await node.appendInOrder(
    Array.from({ length: 10_000 }, (_, n) => ({ stream: `made-${n % 9}`, event: { type: 'made', data: { n, at: n } } })),
  )
  await node.deploy(letters, { export: 'branches', until: 'head' })
  const status = await node.topologyEnded('branches')
  assert.equal([status.status, status.dead], ['ended', 10_000])
  assert.is((await listOf(node, 'branch')).length, 10_000)
  assert.equal(await listOf(node, 'none'), [])
  assert.is(await node.streamVersion('$dead-letter-branches'), 10_000)
  await node.close()
})

test.run()
