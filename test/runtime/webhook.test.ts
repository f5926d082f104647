/** Webhooks of a node in memory: delivered, signed, given up, held back; and the deployment that can not be. */
import { createHmac } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { HookServer } from '../actors/hook-server.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

let hooks: HookServer
let node: Node
test.before.each(async () => {
  hooks = await HookServer.open()
  node = await openNode({ memory: true, epochMs: 5, limits: { pageRows: 4 } })
})
test.after.each(async () => {
  await node.close()
  await hooks.down()
})

const numbersOf = (count: number, first = 0): number[] => Array.from({ length: count }, (_, index) => first + index)

async function pay(count: number, first = 0): Promise<void> {
  await node.appendInOrder(
    numbersOf(count, first).map(number => ({
      stream: `customer-${number % 7}`,
      event: { type: 'paid', data: { to: number % 10 === 9 ? 'nowhere' : hooks.url, number } },
    })),
  )
}
const bodies = (): number[] => hooks.bodies.map(body => (body as { number: number }).number)
const letters = async (topology: string): Promise<{ step: string; code: string; cause: string; row: { number: number } }[]> =>
  (await dataOf(node, `$dead-letter-${topology}`)) as { step: string; code: string; cause: string; row: { number: number } }[]

test('delivers each row in order; what is no request, or is refused, is a dead letter', async () => {
  hooks.answer = ({ body }, nth) => {
    const { number } = body as { number: number }
    if (number === 15) return { status: 409, text: 'twice' }
    return number === 25 && nth < 3 ? { status: 503 } : { status: 202 }
  }
  await pay(100)
  await node.deploy(topologyModule('hooks'), { until: 'head' })
  const status = await node.topologyEnded('hooks')
  assert.is(status.status, 'ended')
  assert.equal(
    bodies(),
    numbersOf(100).filter(number => number % 10 !== 9),
  )
  const { key, path, headers, method, text } = hooks.received[0]!
  assert.equal(
    [method, path, headers['x-number'], headers['content-type'], text],
    ['POST', '/paid/0', '0', 'application/json', '{"number":0}'],
  )
  assert.match(key, /^hooks#\d+\/notify\/1$/)
  assert.is(hooks.received.length, 92, 'one was tried three times')
  assert.equal(
    (await letters('hooks')).map(({ step, code, row }) => [step, code, row.number]).sort((a, b) => Number(a[2]) - Number(b[2])),
    [9, 15, 19, 29, 39, 49, 59, 69, 79, 89, 99].map(number => ['notify', 'INVALID', number]),
  )
})

test('signs with the secret of the environment; without one it is not deployed', async () => {
  delete process.env['ALLSOURCE_TEST_SECRET']
  const refused = await node.deploy(topologyModule('hooks'), { export: 'signed' }).catch((error: unknown) => error)
  assert.ok(isEventStoreError(refused, 'INVALID') && refused.message.includes('ALLSOURCE_TEST_SECRET'))
  assert.equal(await node.topologies(), [])
  process.env['ALLSOURCE_TEST_SECRET'] = 'geheim'
  try {
    await pay(3)
    await node.deploy(topologyModule('hooks'), { export: 'signed', until: 'head' })
    await node.topologyEnded('signed')
  } finally {
    delete process.env['ALLSOURCE_TEST_SECRET']
  }
  assert.is(hooks.received.length, 3)
  for (const { text, headers } of hooks.received)
    assert.is(headers['allsource-signature'], `sha256=${createHmac('sha256', 'geheim').update(text).digest('hex')}`)
})

test('a receiver that does not answer holds up neither other webhooks nor what is appended', async () => {
  let release!: () => void
  const released = new Promise<void>(resolve => (release = resolve))
  hooks.answer = async ({ path }) => {
    if (path === '/slow') await released
    return { status: 200 }
  }
  await pay(8)
  await node.deploy(topologyModule('hooks'), { export: 'beside' })
  const quick = (): number => hooks.received.filter(({ path }) => path === '/quick').length
  await until(async () => quick() === 8 && (await dataOf(node, 'numbers')).length === 8)
  await pay(1, 8)
  await until(async () => quick() === 9 && (await dataOf(node, 'numbers')).length === 9)
  assert.is(hooks.received.filter(({ path }) => path === '/slow').length, 1)
  release()
  await node.drain('both')
  await node.topologyEnded('both')
  assert.is(hooks.received.filter(({ path }) => path === '/slow').length, 9)
})

test('a slow receiver holds the fold back, until it has taken what waits', async () => {
  const text = 'x'.repeat(900_000)
  const held: (() => void)[] = []
  hooks.answer = async () => {
    await new Promise<void>(resolve => held.push(resolve))
    return { status: 200 }
  }
  for (const number of numbersOf(60)) await node.appendToStream('customer-1', { type: 'paid', data: { to: hooks.url, number, text } })
  await node.deploy(topologyModule('hooks'), { export: 'whole' })
  let rows = -1
  await until(async () => {
    const before = rows
    rows = (await node.topologies())[0]!.rowsIn
    await new Promise(resolve => setTimeout(resolve, 50))
    return rows > 0 && rows === before
  })
  const [status] = await node.topologies()
  assert.ok(rows < 60 && status!.lagEvents > 0, `${rows} rows, though nothing was taken`)
  const answering = setInterval(() => held.shift()?.(), 1)
  await node.drain('whole')
  assert.is((await node.topologyEnded('whole')).rowsIn, 60)
  clearInterval(answering)
  assert.equal(bodies(), numbersOf(60))
})

test('paused, nothing is sent any more; resumed, the same delivery is tried again', async () => {
  hooks.answer = () => ({ status: 503 })
  await pay(5)
  await node.deploy(topologyModule('hooks'))
  await until(() => hooks.received.length > 0)
  await node.pause('hooks')
  const before = hooks.received.length
  await new Promise(resolve => setTimeout(resolve, 30))
  assert.is(hooks.received.length, before)
  hooks.answer = () => ({ status: 200 })
  await node.resume('hooks')
  await node.drain('hooks')
  await node.topologyEnded('hooks')
  assert.equal(bodies(), numbersOf(5))
  assert.equal(await letters('hooks'), [])
})

test('what was given up can be replayed: the row comes to the webhook again, and is delivered under a key of its own', async () => {
  hooks.answer = ({ body }) => ({ status: (body as { number: number }).number % 2 === 1 ? 400 : 200 })
  await pay(6)
  await node.deploy(topologyModule('hooks'))
  await until(async () => (await letters('hooks')).length === 3)
  const before = hooks.received.length
  hooks.answer = () => ({ status: 200 })
  const { letters: replayed } = await node.deadLetters('hooks').replay('all')
  assert.is(replayed, 3)
  await until(() => hooks.received.length === before + 3)
  const again = hooks.received.slice(before)
  assert.equal(
    again.map(({ path, body }) => [path, (body as { number: number }).number]),
    [1, 3, 5].map(number => [`/paid/${number}`, number]),
  )
  assert.equal(hooks.keys.length, 9)
  const open = await Array.fromAsync(node.deadLetters('hooks').list())
  assert.equal(open, [])
})

test('a node that closes does not wait for a receiver that hangs', async () => {
  hooks.answer = () => 'hang'
  await pay(5)
  await node.deploy(topologyModule('hooks'))
  await until(() => hooks.received.length > 0)
  const pausing = node.pause('hooks').catch(() => undefined)
  await node.close()
  await pausing
  assert.is(hooks.received.length, 1)
})

test('an undeployed topology sends nothing more', async () => {
  hooks.answer = async () => {
    await new Promise(resolve => setTimeout(resolve, 5))
    return { status: 200 }
  }
  await pay(50)
  await node.deploy(topologyModule('hooks'))
  await until(() => hooks.received.length > 2)
  await node.undeploy('hooks')
  const before = hooks.received.length
  await new Promise(resolve => setTimeout(resolve, 30))
  assert.is(hooks.received.length, before)
})

test.run()
