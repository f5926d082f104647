/** What commands about topologies show: rates between two looks, a view that stays in place, carets under places. */
import { Writable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TopologyStatus } from '../../runtime/index.ts'
import { placeOfOffset, underlined } from '../../runtime/ops/source-text.ts'
import { Terminal } from '../../runtime/ops/terminal.ts'
import { TopView } from '../../runtime/ops/top-output.ts'
import { printTopologies } from '../../runtime/ops/topology-output.ts'
import { records } from './command-line.ts'

interface Screen {
  readonly terminal: Terminal
  text(): string
}

function screen({ isTTY = false, json = false } = {}): Screen {
  let text = ''
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  const environment = { NO_COLOR: '1' }
  return {
    terminal: new Terminal({ output: Object.assign(output, { isTTY, columns: 200 }), errors: output, json, environment }),
    text: () => text,
  }
}

function status(name: string, rowsIn: number): TopologyStatus {
  const step = { id: 'step', operator: 'filter', in: rowsIn / 2, out: 0, late: 0, suspect: 0, dead: 0 }
  const counts = { lagEvents: 0, rowsIn, rowsOut: 0, late: 0, suspect: 0, dead: 0 }
  return { name, version: 1, status: 'running', module: 'file:///x.yaml', position: null, ...counts, steps: [step], epoch: 1 }
}

test('rates are rows between two looks, and none for what was not there before', async () => {
  const { terminal, text } = screen({ json: true })
  const view = new TopView(terminal)
  view.look([status('a', 100)], 1000)
  view.look([status('a', 300), status('b', 50)], 3000)
  await view.print()
  assert.equal(
    records(text()).map(({ name, rowsPerSecond }) => [name, rowsPerSecond]),
    [
      ['a', 100],
      ['b', 0],
    ],
  )
})

test('a topology that was deployed anew has no negative rate', async () => {
  const { terminal, text } = screen()
  const view = new TopView(terminal)
  view.look([status('a', 1000)], 0)
  view.look([status('a', 10)], 1000)
  await view.print()
  assert.match(text(), /a +running +0 +10 /)
})

test('on a terminal the view stays in place, elsewhere an empty line parts one from the next', async () => {
  for (const isTTY of [true, false]) {
    const { terminal, text } = screen({ isTTY })
    const view = new TopView(terminal)
    for (const at of [0, 1000, 2000]) view.look([status('a', at)], at)
    await view.print()
    await view.print()
    assert.is(text().split('\u001b[H').length, isTTY ? 3 : 1)
    assert.is(text().includes('\n\ntopology'), !isTTY)
    assert.match(text(), / {2}step +filter +500 +1,000/)
  }
})

test('deliveries that wait stand below the table, with what the last attempt met', async () => {
  const failed = { waiting: 3, step: 'announced', lastFailure: 'POST http://here/: refused\u001b' }
  for (const print of [
    async (terminal: Terminal, all: readonly TopologyStatus[]) => printTopologies(terminal, all),
    async (terminal: Terminal, all: readonly TopologyStatus[]) => {
      const view = new TopView(terminal)
      view.look(all, 0)
      await view.print()
    },
  ]) {
    const { terminal, text } = screen()
    await print(terminal, [{ ...status('a', 1), deliveries: failed }, { ...status('b', 1), deliveries: { waiting: 1 } }, status('c', 1)])
    await terminal.flush()
    assert.match(text(), /\na: 3 deliveries wait; step announced: POST http:\/\/here\/: refused\\u001b\nb: 1 delivery waits\n$/)
  }
})

test('carets stand under the place, behind tabs, and on the line of the offset', () => {
  assert.equal(underlined('a: 1\n\tb: 12', { line: 2, column: 5, length: 2 }), ['\tb: 12', '\t   ^^'])
  assert.equal(underlined('x', { line: 1, column: 1, length: 0 }), ['x', '^'])
  assert.equal(underlined('x', { line: 7, column: 1, length: 1 }), [])
  assert.equal(underlined('a\u001bb\r\n', { line: 1, column: 3, length: 1 }), ['a·b', '  ^'])
  assert.equal(underlined('\u{1f600} x', { line: 1, column: 4, length: 1 }), ['\u{1f600} x', '  ^'])
  const [shown, carets] = underlined(`${'x'.repeat(500)}HERE`, { line: 1, column: 501, length: 4 })
  assert.is(shown?.indexOf('HERE'), carets?.indexOf('^^^^'))
  assert.equal(placeOfOffset('a\nbc', 3, 1), { line: 2, column: 2, length: 1 })
})

test.run()
