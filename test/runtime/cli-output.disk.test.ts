/** What people and programs see: tables, lines of JSON, colours, remarks, failures; with a node that answers what the test says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, errorCodes, EventStoreError } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import type { Node, TopologyStatus } from '../../runtime/index.ts'
import { type Output, Terminal } from '../../runtime/ops/terminal.ts'
import { Table } from '../../runtime/ops/table.ts'
import { runLine } from '../../runtime/ops/run.ts'
import { records, typeHere, wordsOf } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-output-'))
test.after(() => rmSync(folder, { recursive: true }))

const event: Event = {
  id: 'i-1',
  type: 'placed',
  data: { item: 'tea', note: '\u001b[31mred' },
  encoding: 'json',
  stream: 'order-1',
  version: 1234,
  partition: 3,
  sequence: 5,
  stamp: 4096,
  position: 'a.3.5',
  recorded: Date.UTC(2026, 0, 31, 12),
  time: Date.UTC(2026, 0, 31, 11),
}

const status: TopologyStatus = {
  name: 'hourly',
  version: 1,
  status: 'running',
  module: 'file:///hourly.ts',
  position: null,
  lagEvents: 1_000,
  rowsIn: 2_000_000,
  rowsOut: 5,
  late: 1,
  suspect: 0,
  dead: 0,
  steps: [],
  epoch: 0,
}

/** Answers only what a test gives; anything else is a defect that fails the test. */
function nodeWith(answers: Partial<Node>): Node {
  return { close: async () => undefined, ...answers } as Node
}

async function* sequence<Value>(...values: Value[]): AsyncGenerator<Value> {
  yield* values
}

function eventsOf(...events: Event[]): Node {
  return nodeWith({
    readStream: (() => sequence(...events)) as unknown as Node['readStream'],
    readAll: (() => sequence(...events)) as unknown as Node['readAll'],
  })
}

const typed = (line: string, node: Node) => typeHere(`${line} --data ${folder}`, { node })

test('a stream is a table for people', async () => {
  const { exit, output, errors } = await typed('read order-1', eventsOf(event, { ...event, type: 'a\nb', version: 1235 }))
  assert.equal([exit, errors], [0, ''])
  assert.equal(output.split('\n'), [
    'version  time                      type    data',
    String.raw`   1234  2026-01-31T11:00:00.000Z  placed  {"item":"tea","note":"\u001b[31mred"}`,
    String.raw`   1235  2026-01-31T11:00:00.000Z  a\nb    {"item":"tea","note":"\u001b[31mred"}`,
    '',
  ])
})

test('an event is a line of JSON for programs, with ISO times', async () => {
  const { output } = await typed('read order-1 --json', eventsOf(event))
  const { encoding: _, ...rest } = event
  assert.equal(records(output), [{ ...rest, recorded: '2026-01-31T12:00:00.000Z', time: '2026-01-31T11:00:00.000Z' }])
})

test('bytes are base64, and what JSON has no word for is still a line', async () => {
  const bytes: Event = { ...event, data: Buffer.from([1, 2]), encoding: 'bytes' }
  const packed: Event = { ...event, data: { big: 2n ** 60n, inner: Uint8Array.of(3), map: new Map([['k', 1]]) }, encoding: 'msgpack' }
  const [first, second] = records((await typed('read order-1 --json', eventsOf(bytes, packed))).output)
  assert.equal([first?.['data'], first?.['encoding']], [{ $bytes: 'AQI=' }, 'bytes'])
  assert.equal(second?.['data'], { big: '1152921504606846976', inner: { $bytes: 'Aw==' }, map: { k: 1 } })
})

test('a limited read says how to go on', async () => {
  assert.match((await typed('read order-1 --limit 1', eventsOf(event))).errors, '--from 1235')
  assert.match((await typed('read order-1 --limit 1 --backwards', eventsOf(event))).errors, '--from 1233')
  assert.match((await typed('read --all --limit 1', eventsOf(event))).errors, '--from a.3.5')
  assert.is((await typed('read order-1 --limit 2', eventsOf(event))).errors, '')
  assert.is((await typed('read order-1 --limit 1 --json', eventsOf(event))).errors, '')
})

test('topologies: a table, or a line each', async () => {
  const node = nodeWith({ topologies: async () => [status, { ...status, status: 'failed', error: { code: 'INVALID', message: 'boom' } }] })
  const { output } = await typed('topologies', node)
  assert.match(output, /hourly +1 +running +2,000,000 +5 +1,000 +1 +0 +0 +–\n/)
  assert.match(output, /hourly: INVALID boom/)
  assert.equal(
    records((await typed('topologies --json', node)).output).map(one => one['status']),
    ['running', 'failed'],
  )
})

test('deploy --until head waits, prints how it ended, and fails when it failed', async () => {
  for (const [ending, exit] of [
    ['ended', 0],
    ['failed', 1],
  ] as const) {
    let polls = 0
    const now = (): TopologyStatus => ({
      ...status,
      status: polls > 2 ? ending : 'running',
      ...(ending === 'failed' ? { error: { code: 'INVALID', message: 'boom' } } : {}),
    })
    const node = nodeWith({
      deploy: async () => ({ name: 'hourly', version: 1, status: 'running' }),
      topologies: async () => [((polls += 1), now())],
      topologyEnded: async () => {
        while (polls <= 2) await new Promise(resolve => setTimeout(resolve, 5))
        return now()
      },
    })
    writeFileSync(join(folder, 'hourly.ts'), '')
    const typedLine = await typed(`deploy ${join(folder, 'hourly.ts')} --until head --json`, node)
    assert.is(typedLine.exit, exit)
    assert.is(records(typedLine.output)[0]?.['status'], ending)
  }
})

test('every code has its exit, and a next step for people or none', async () => {
  for (const [code, { exit }] of Object.entries(errorCodes)) {
    const node = nodeWith({
      stats: async () => {
        throw new EventStoreError(code as ErrorCode, 'as told', { pid: 4711, stream: 's', expected: 1, actual: 2 })
      },
    })
    assert.is((await typed('stats', node)).exit, exit, code)
    const { errors, output } = await typed('stats --json', node)
    assert.equal(
      [output, records(errors)],
      ['', [{ code, message: 'as told', details: { pid: 4711, stream: 's', expected: 1, actual: 2 } }]],
    )
  }
})

test('LOCKED names the process', async () => {
  const node = nodeWith({
    stats: async () => {
      throw new EventStoreError('LOCKED', 'held', { pid: 4711 })
    },
  })
  assert.match((await typed('stats', node)).errors, '4711')
})

test('a failure without a code is a defect: exit 1, and the node is closed all the same', async () => {
  let closed = 0
  const node = nodeWith({ stats: async () => Promise.reject(new TypeError('oops')), close: async () => void closed++ })
  const { exit, errors } = await typed('stats --json', node)
  assert.equal([exit, records(errors)[0]?.['code'], closed], [1, 'UNEXPECTED', 1])
})

interface Screen {
  readonly output: Output
  readonly text: () => string
}

function screen(options: { isTTY: boolean; columns?: number }): Screen {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  return { output: Object.assign(stream, options), text: () => text }
}

test('colour is for terminals, and NO_COLOR turns it off', () => {
  const coloured = (isTTY: boolean, environment: Record<string, string>): boolean => {
    const { output } = screen({ isTTY })
    return new Terminal({ output, errors: output, json: false, environment }).colours.red('x') !== 'x'
  }
  assert.ok(coloured(true, {}))
  assert.not(coloured(true, { NO_COLOR: '1' }))
  assert.not(coloured(true, { TERM: 'dumb' }))
  assert.not(coloured(false, {}))
})

test('a table is cut to the width of a terminal and is whole elsewhere', async () => {
  for (const [isTTY, expected] of [
    [true, 'abcdefghi…\n'],
    [false, 'abcdefghijklm\n'],
  ] as const) {
    const { output, text } = screen({ isTTY, columns: 10 })
    const table = new Table(new Terminal({ output, errors: output, json: false, environment: { NO_COLOR: '1' } }), [{ title: 't' }])
    await table.row(['abcdefghijklm'])
    await table.flush()
    assert.is(text(), `t\n${expected}`)
  }
})

test('a reader that goes away ends a command quietly, with its node closed', async () => {
  let produced = 0
  let closed = false
  async function* endless(): AsyncGenerator<Event> {
    for (;;) {
      produced++
      yield event
      if (produced % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
    }
  }
  const output = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
    },
  })
  const { output: errors, text } = screen({ isTTY: false })
  const exit = await runLine(wordsOf(`read --all --json --data ${folder}`), {
    environment: {},
    workingDirectory: folder,
    input: Readable.from([]),
    output,
    errors,
    signal: new AbortController().signal,
    endAtOnce: () => assert.unreachable(),
    version: '',
    openNode: async () => nodeWith({ readAll: (() => endless()) as unknown as Node['readAll'], close: async () => void (closed = true) }),
  })
  assert.equal([exit, text(), closed], [0, '', true])
})

test.run()
