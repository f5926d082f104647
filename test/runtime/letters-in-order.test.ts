/** Dead letters of a node that are kept in order: the rows behind one go when it goes, and none before. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type DeadLetter, type DeadLetterListOptions, type HandledLetters, type Node, openNode } from '../../runtime/index.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

type Passed = { readonly i: number; readonly key: string | null; readonly n: number }

const module = topologyModule('in-order')

/** Rows made, and those that were sent once more. */
let made = 0
let total = 0

async function started(pageRows = 64): Promise<Node> {
  const node = await openNode({ memory: true, epochMs: 10, partitions: 4, limits: { pageRows } })
  await node.deploy(module)
  total = 0
  return node
}

/** Rows as `key n`; each knows which one it is. */
async function make(node: Node, ...rows: readonly string[]): Promise<void> {
  const items = rows.map(text => {
    const [key, n] = text.split(' ') as [string, string]
    return { stream: `made-${made % 7}`, event: { type: 'made', data: { i: made++, key: key === 'null' ? null : key, n: Number(n) } } }
  })
  total += rows.length
  await node.appendInOrder(items)
  await settled(node)
}

/** Each row has passed, is a letter that is open, or was discarded: none is on its way. */
const settled = (node: Node): Promise<void> =>
  until(async () => {
    const letters = await list(node, { status: 'all' }).catch(() => [])
    const there = letters.filter(({ status }) => status === 'open' || status === 'discarded')
    return there.length + (await passed(node)).length === total
  })

const list = (node: Node, options: DeadLetterListOptions = {}): Promise<DeadLetter[]> =>
  Array.fromAsync(node.deadLetters('in-order').list(options))

const passed = async (node: Node): Promise<string[]> =>
  ((await dataOf(node, 'in-order')) as Passed[]).map(({ key, n }) => `${key ?? 'null'} ${n}`)

/** Step, row, whether it waits, and which letter is before it, by its place in the list. */
async function seen(node: Node): Promise<string[]> {
  const letters = await list(node)
  return letters.map(({ id, step, row, waits, behind }) => {
    const { key = 'null', n } = row as Partial<Passed>
    assert.is(behind === undefined || letters.some(other => other.id === behind && other.id !== id), true)
    const before = letters.find(other => other.id === behind)
    return `${step}: ${key ?? 'null'} ${n}${waits ? ' waits' : ''}${before ? ` behind ${String(before.row['n'])}` : ''}`
  })
}

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? [error.code, error.details['behind']] : String(error)
  }
}

const counts = ({ letters, followers, skipped, waiting }: HandledLetters): unknown => [letters, followers, skipped, waiting]

for (const pageRows of [1, 64, 4096])
  test(`what waits goes with the head, in order; set is for those that are named (pages of ${pageRows})`, async () => {
    const node = await started(pageRows)
    const dead = node.deadLetters('in-order')
    await make(node, 'a 1', 'a -1', 'b 2', 'a 3', 'null -2', 'b 4', 'null 5', 'a 6')
    assert.equal(await passed(node), ['a 1', 'b 2', 'b 4'])
    assert.equal(await seen(node), [
      'fine: a -1',
      'fine: a 3 waits behind -1',
      'fine: null -2',
      'fine: null 5 waits behind -2',
      'fine: a 6 waits behind -1',
    ])
    assert.equal((await node.topologies())[0]?.held, { keys: 2, letters: 5 })
    const [head, next, other, , last] = (await list(node)).map(({ id }) => id) as [number, number, number, number, number]
    assert.equal((await list(node))[1]?.attempts, 0)
    for (const choice of [next, [next, last], [last, other]]) assert.equal(await codeOf(() => dead.replay(choice)), ['INVALID', head])
    assert.is((await list(node)).length, 5)
    assert.equal(counts(await dead.replay([last, head], { set: { n: 10 } })), [2, 1, 0, 0])
    await settled(node)
    assert.equal(await passed(node), ['a 1', 'b 2', 'b 4', 'a 10', 'a 3', 'a 10'])
    assert.equal(counts(await dead.replay(other, { set: { n: 11, key: 'ключ' } })), [1, 1, 0, 0])
    await make(node, 'null 7', 'ключ 8')
    assert.equal((await passed(node)).slice(6), ['ключ 11', 'null 5', 'null 7', 'ключ 8'])
    assert.equal(await list(node), [])
    assert.is((await node.topologies())[0]?.held, undefined)
    assert.equal(
      (await list(node, { status: 'all' })).map(({ status, behind }) => [status, behind]),
      Array.from({ length: 5 }, () => ['replayed', undefined]),
    )
    await node.close()
  })

test('a head that dies again keeps its place, and those behind it wait again', async () => {
  const node = await started()
  const dead = node.deadLetters('in-order')
  await make(node, 'a -1', 'a 2', 'a 3')
  const [head] = await list(node)
  assert.equal(counts(await dead.replay(head!.id, { set: { n: -9 } })), [1, 2, 0, 0])
  await make(node, 'a 4')
  assert.equal(await seen(node), ['fine: a -9', 'fine: a 2 waits behind -9', 'fine: a 3 waits behind -9', 'fine: a 4 waits behind -9'])
  assert.equal(
    (await list(node)).map(({ attempts, replayOf }) => [attempts, replayOf !== undefined]),
    [
      [2, true],
      [0, true],
      [0, true],
      [0, false],
    ],
  )
  const again = (await list(node))[0]!
  assert.equal(counts(await dead.replay('all', { set: { n: 5 } })), [4, 0, 0, 0])
  await settled(node)
  assert.equal(await passed(node), ['a 5', 'a 5', 'a 5', 'a 5'])
  // What is done again with a letter concerns nobody else.
  await make(node, 'a -6', 'a 7')
  await dead.replay(again.id, { again: true, set: { n: 8 } })
  total++
  await settled(node)
  assert.equal(await seen(node), ['fine: a -6', 'fine: a 7 waits behind -6', 'fine: a 8 waits behind -6'])
  await node.close()
})

test('a head that is put away lets those behind it go; one of them alone just goes', async () => {
  const node = await started()
  const dead = node.deadLetters('in-order')
  await make(node, 'a -1', 'a 2', 'a 3', 'a 4', 'b -5', 'b 6')
  const ids = (await list(node)).map(({ id }) => id)
  assert.equal(counts(await dead.discard(ids[1]!, { reason: 'twice' })), [1, 0, 0, 0])
  assert.equal(counts(await dead.discard([ids[0]!, ids[2]!])), [2, 1, 0, 0])
  await settled(node)
  assert.equal([await passed(node), await seen(node)], [['a 4'], ['fine: b -5', 'fine: b 6 waits behind -5']])
  await make(node, 'a 7')
  await node.pause('in-order')
  assert.equal(counts(await dead.discard('all')), [2, 0, 0, 0])
  await node.resume('in-order')
  await make(node, 'b 8', 'b -9', 'b 10')
  assert.equal(await passed(node), ['a 4', 'a 7', 'b 8'])
  await node.undeploy('in-order')
  const [head] = await list(node)
  assert.equal(counts(await dead.discard(head!.id)), [1, 0, 1, 0], 'nothing would take the other')
  assert.equal(await seen(node), ['fine: b 10 waits'])
  await node.deploy(module)
  // It takes all rows anew: what the one before gave up is superseded, and gone are its lines.
  await until(async () => (await list(node)).length === 10)
  const superseded = await list(node, { status: 'superseded' })
  assert.equal(superseded.map(({ row, behind }) => [row['n'], behind]), [[10, undefined]]) // prettier-ignore
  assert.equal(await codeOf(() => dead.replay(superseded[0]!.id)), ['INVALID', undefined])
  assert.equal(counts(await dead.replay('all', { set: { n: 1 } })), [10, 0, 0, 0])
  await until(async () => (await passed(node)).length === 3 + 10)
  assert.equal(await list(node), [])
  await node.close()
})

test('two steps in order: what one lets go the other may hold', async () => {
  const node = await started()
  const dead = node.deadLetters('in-order')
  await make(node, 'a 100', 'a -1', 'a 2', 'b -3', 'b 100', 'b 4')
  assert.equal(await seen(node), [
    'small: a 100',
    'fine: a -1',
    'fine: a 2 waits behind -1',
    'fine: b -3',
    'fine: b 100 waits behind -3',
    'fine: b 4 waits behind -3',
  ])
  assert.equal(counts(await dead.replay({ step: 'fine' }, { set: {} })), [5, 0, 0, 0])
  await settled(node)
  const heads = (await list(node)).filter(({ waits }) => !waits)
  assert.equal(heads.map(({ step, row }) => [step, row['n']]), [['small', 100], ['fine', -1], ['fine', -3]]) // prettier-ignore
  for (const { id } of heads.slice(1)) await dead.replay(id, { set: { n: 50 } })
  await settled(node)
  assert.equal(await seen(node), [
    'small: a 100',
    'small: a 50 waits behind 100',
    'small: a 2 waits behind 100',
    'small: b 100',
    'small: b 4 waits behind 100',
  ])
  assert.equal(await passed(node), ['b 50'])
  await dead.discard(heads[0]!.id)
  await dead.replay({ step: 'small' }, { set: { n: 7 } })
  await settled(node)
  assert.equal(await passed(node), ['b 50', 'a 50', 'a 2', 'b 7', 'b 7'])
  await node.close()
})

for (const pageRows of [1, 64, 4096])
  test(`while rows flow and letters are sent back, each key stays in order (pages of ${pageRows})`, async () => {
    const node = await started(pageRows)
    const dead = node.deadLetters('in-order')
    const rows = Array.from({ length: 900 }, (_, i) => ({
      i,
      key: ['a', 'b', 'c', 'd', 'e', 'f'][(i * 7) % 6]!,
      n: i % 37 === 5 ? -1 : i % 53 === 9 ? 500 : 1,
    }))
    const flowing = (async () => {
      for (let at = 0; at < rows.length; at += 15) {
        await node.appendInOrder(rows.slice(at, at + 15).map(data => ({ stream: `made-${data.key}`, event: { type: 'made', data } })))
        await new Promise<void>(done => void setTimeout(done, 1))
      }
    })()
    let isFlowing = true
    void flowing.then(() => (isFlowing = false))
    const some = async (): Promise<void> => {
      const heads = (await list(node)).filter(({ behind, waits }) => behind === undefined && !waits)
      // Some are named, and others may be faster.
      for (const { id } of heads.slice(0, 2)) await codeOf(() => dead.replay(id, { set: { n: 2 } }))
      await dead.replay({ step: 'small' }, { set: { n: 2 } })
    }
    while (isFlowing) await Promise.all([some(), dead.replay({ step: 'fine' }, { set: { n: 2 } })])
    await until(async () => {
      await dead.replay('all', { set: { n: 2 } })
      return (await dataOf(node, 'in-order')).length === rows.length
    })
    const out = (await dataOf(node, 'in-order')) as Passed[]
    assert.equal(out.length, rows.length)
    for (const [key, of] of Map.groupBy(out, one => one.key))
      assert.equal(
        of.map(({ i }) => i),
        rows.filter(row => row.key === key).map(({ i }) => i),
        String(key),
      )
    assert.equal(await list(node), [])
    await node.close()
  })

test('a topology that has ended holds what waited', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await node.appendInOrder([-1, 2, 3].map((n, i) => ({ stream: 'made-1', event: { type: 'made', data: { i, key: 'a', n } } })))
  await node.deploy(module, { export: 'ends', until: 'head' })
  await node.topologyEnded('in-order-ends')
  const dead = node.deadLetters('in-order-ends')
  const letters = await Array.fromAsync(dead.list())
  assert.equal(letters.map(({ waits, behind }) => [waits, behind]), [[undefined, undefined], [true, 1], [true, 1]]) // prettier-ignore
  assert.equal(counts(await dead.discard(1)), [1, 0, 2, 0])
  assert.equal((await Array.fromAsync(dead.list())).map(({ id, behind }) => [id, behind]), [[2, undefined], [3, 2]]) // prettier-ignore
  await node.close()
})

test.run()
