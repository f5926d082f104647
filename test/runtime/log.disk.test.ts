/** The log of a node: what is said of it, how important it is, and where it goes; and how a node that is told to stop comes to its end. */
// Deadline: 300 s
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Logger } from '../../event/logger.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { logWriter } from '../../runtime/ops/log-output.ts'
import { type Around, records, start, typeHere } from './command-line.ts'
import { pay, topologyModule, until } from './deployed-node.ts'
import { type Folder, ordersYaml, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before(() => {
  folder = topologyFolder()
})
test.after(() => folder.remove())

interface Ended {
  readonly exit: number | null
  readonly killedBy: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

/** Starts the node, lets it be ready and does something to it, then waits for its end. */
async function started(line: string, whenReady: (child: ReturnType<typeof start>) => void, around: Around = {}): Promise<Ended> {
  const child = start(line, { workingDirectory: folder.path, ...around })
  let [output, errors, isReady] = ['', '', false]
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (!isReady && output.includes('\n')) {
      isReady = true
      whenReady(child)
    }
  })
  const [exit, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { exit, killedBy, output, errors }
}

const sentences = (errors: string): unknown[] => records(errors).map(({ msg }) => msg)
const terminate = (child: ReturnType<typeof start>): void => void child.kill('SIGTERM')

test('start logs on stderr, an object a line, and has stdout for its one line', async () => {
  const { exit, output, errors } = await started('start --json', terminate)
  assert.is(exit, 0)
  assert.equal(
    records(output).map(({ ready }) => ready),
    [true],
  )
  const told = sentences(errors)
  assert.equal([told[0], told.at(-1)], ['the node is open', 'the node is closed'])
  const [opened] = records(errors)
  assert.equal([opened?.['level'], opened?.['partitions'], opened?.['shards']], ['info', 2, 1])
  assert.ok(Number(opened?.['tookMs']) >= 0)
  assert.ok(!Number.isNaN(Date.parse(String(opened?.['time']))))
})

test('what is less important than asked for is left out', async () => {
  const byFlag = await started('start --log warn', terminate)
  assert.equal([byFlag.exit, byFlag.errors], [0, ''])
  const byEnvironment = await started('start', terminate, { environment: { ALLSOURCE_LOG: 'silent' } })
  assert.equal([byEnvironment.exit, byEnvironment.errors], [0, ''])
})

test('what is no level and no duration is refused before anything opens', async () => {
  const around = { workingDirectory: folder.path }
  for (const line of ['start --log loud', 'start --drain-timeout soon', 'start --drain-timeout 0s']) {
    const { exit, errors } = await typeHere(`${line} --json`, around)
    assert.equal([exit, records(errors)[0]?.['code']], [2, 'INVALID'], line)
  }
  const { exit } = await typeHere('start --json', { ...around, environment: { ALLSOURCE_DRAIN_TIMEOUT: '10' } })
  assert.is(exit, 2)
})

test('a second signal hastens the end', async () => {
  const { killedBy } = await started('start --json', child => {
    child.stderr.once('data', () => undefined)
    child.kill('SIGTERM')
    child.kill('SIGINT')
  })
  // The second may come when the first has done all there was to do.
  assert.ok(killedBy === 'SIGKILL' || killedBy === null)
})

test('a node that can not come to its end in time is ended', async () => {
  folder.write('allsource.json', '{ "partitions": 2, "shards": 1, "workers": 1, "limits": { "silentWorkerMs": 600000 } }')
  folder.write('hangs.yaml', ...ordersYaml('functions.ts#hangs'))
  const typed = (line: string, input = ''): ReturnType<typeof typeHere> =>
    typeHere(line, { workingDirectory: folder.path, openNode, input })
  assert.is((await typed('deploy hangs.yaml --json')).exit, 0)
  assert.is((await typed('append order-1', JSON.stringify({ type: 'order.placed', data: { customer: 'ada', total: 13 } }))).exit, 0)
  // Time for the row to reach the function that never returns; whether it has does not change what is expected.
  const { exit, killedBy, errors } = await started('start --json --drain-timeout 500ms', child => setTimeout(() => terminate(child), 3_000))
  assert.equal([exit, killedBy], [null, 'SIGKILL'])
  const last = records(errors).at(-1)
  assert.equal([last?.['level'], last?.['drainTimeoutMs']], ['error', 500])
})

/** A logger that remembers. */
function remembered(): { lines: { level: string; facts: Readonly<Record<string, unknown>>; sentence: string }[]; logger: Logger } {
  const lines: ReturnType<typeof remembered>['lines'] = []
  const note =
    (level: string): Logger['info'] =>
    (facts, sentence) =>
      void lines.push({ level, facts, sentence })
  return { lines, logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') } }
}

async function withLogged(work: (node: Node, lines: ReturnType<typeof remembered>['lines']) => Promise<void>): Promise<void> {
  const { lines, logger } = remembered()
  const node = await openNode({ memory: true, logger })
  try {
    await work(node, lines)
  } finally {
    await node.close()
  }
  assert.equal(
    lines.slice(-2).map(({ sentence }) => sentence),
    ['the node is closing', 'the node is closed'],
  )
}

test('topologies are told of by name, and the tenant whose they are', () =>
  withLogged(async (node, lines) => {
    await pay(node, 10)
    await node.deploy(topologyModule('totals'))
    await node.pause('totals')
    await node.resume('totals')
    await node.drain('totals')
    await node.topologyEnded('totals')
    await until(() => lines.some(({ sentence }) => sentence === 'a topology has ended'))
    await node.undeploy('totals')
    await node.tenant('acme').deploy(topologyModule('totals'))
    const told = lines.slice(1).map(({ level, facts, sentence }) => [level, facts['tenant'], facts['topology'], sentence])
    assert.equal(told, [
      ['info', undefined, 'totals', 'a topology is deployed'],
      ['info', undefined, 'totals', 'a topology is paused'],
      ['info', undefined, 'totals', 'a topology is resumed'],
      ['info', undefined, 'totals', 'a topology drains'],
      ['info', undefined, 'totals', 'a topology has ended'],
      ['info', undefined, 'totals', 'a topology is undeployed'],
      ['info', 'acme', 'totals', 'a topology is deployed'],
    ])
  }))

function screen(isTTY: boolean): { output: Writable & { isTTY?: boolean }; text: () => string } {
  let text = ''
  const output: Writable & { isTTY?: boolean } = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  output.isTTY = isTTY
  return { output, text: () => text }
}

const line = '{"level":"warn","time":"2026-01-02T03:04:05.678Z","pid":1,"hostname":"h","shard":3,"cause":"a\\u001bb","msg":"it died"}\n'

test('people read the time, how bad it is, what happened and the facts; nobody steers their terminal', () => {
  const { output, text } = screen(true)
  logWriter(output, { NO_COLOR: '1' })(line)
  assert.is(text(), '03:04:05.678 warn  it died shard=3 cause=a\\u001bb\n')
})

test('programs read the line as it is', () => {
  const { output, text } = screen(false)
  logWriter(output, {})(line)
  assert.is(text(), line)
})

test.run()
