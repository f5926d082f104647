/** The commands about dead letters where rows wait for each other: what they print, and what they do. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { type Around, records, type Typed, typeHere } from './command-line.ts'
import { type Folder, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before(() => void (folder = topologyFolder()))
test.after(() => folder.remove())

const typed = async (line: string, around: Around = {}): Promise<Typed> => {
  const answer = await typeHere(line, { workingDirectory: folder.path, openNode, ...around })
  assert.equal(answer.exit, 0, `${line}: ${answer.errors}`)
  return answer
}

const yaml = `topology: totals
version: 1
sources:
  orders: { follow: order.placed, fields: { customer: text, n: number } }
steps:
  - { id: parts, inOrder: customer, map: { part: 100 / n } }
sinks:
  out: { from: parts, append: { stream: parts, type: part } }
`

const order = (customer: string, n: number): string => JSON.stringify({ type: 'order.placed', data: { customer, n } })
const give = (...orders: readonly string[]): Promise<Typed> => typed('append orders', { input: orders.join('\n') })

/** All that is in the log is taken, and nothing is on its way. */
const run = (): Promise<Typed> => typed('start --until caught-up')

async function parts(): Promise<unknown[]> {
  const { output } = await typed('read parts --json')
  return records(output).map(({ data }) => (data as { n: number }).n)
}

test('list says which letter each waits behind; replay and discard say what went with them', async () => {
  folder.write('totals.yaml', yaml)
  await typed('deploy totals.yaml')
  await give(order('ada', 1), order('ada', 0), order('eve', 2), order('ada', 3), order('ada', 4), order('eve', 0), order('eve', 5))
  await run()
  const { output } = await typed('dead-letters list totals')
  const lines = output.split('\n').slice(1, -1).map(line => line.replace(/ +\S+Z +/, ' ').trim().replaceAll(/ +/g, ' ')) // prettier-ignore
  assert.equal(lines.slice(1, 3), ['2 open parts waits behind letter 1', '3 open parts waits behind letter 1'])
  assert.equal(lines.at(-1), '5 open parts waits behind letter 4')
  const [, waiting] = records((await typed('dead-letters list totals --json')).output)
  assert.equal([waiting?.['waits'], waiting?.['behind'], waiting?.['attempts']], [true, 1, 0])
  const refused = await typeHere('dead-letters replay totals 2', { workingDirectory: folder.path, openNode })
  assert.equal([refused.exit, /2 waits behind dead letter 1/.test(refused.errors)], [2, true])
  const replayed = await typed(`dead-letters replay totals 1 --set '{"n":10}'`)
  assert.match(replayed.output, /^1 letter is replayed, and 2 that waited behind it\n/)
  const discarded = await typed('dead-letters discard totals 4')
  assert.match(discarded.output, /^1 letter is discarded, and 1 that waited behind it is replayed\n/)
  await run()
  assert.equal(await parts(), [1, 2, 10, 3, 4, 5])
  assert.match((await typed('explain totals.yaml')).output, /in order +by customer/)
})

test('what comes meanwhile waits for the next time; where nothing is deployed nothing follows', async () => {
  await give(order('ada', 0), order('ada', 6))
  await run()
  const [head] = records((await typed('dead-letters list totals --json')).output)
  await give(order('ada', 7), order('ada', 8))
  // The last two are read before what is sent back; whether they are letters by then is a matter of time.
  const [answer] = records((await typed(`dead-letters replay totals ${String(head?.['id'])} --set '{"n":9}' --json`)).output)
  assert.equal([answer?.['replayed'], answer?.['skipped'], typeof answer?.['waiting']], [1, 0, 'number'])
  await run()
  await typed('dead-letters replay totals --all')
  await run()
  assert.equal((await parts()).slice(6), [9, 6, 7, 8])
  await give(order('eve', 0), order('eve', 1))
  await run()
  await typed('undeploy totals')
  const [last] = records((await typed('dead-letters list totals --json')).output)
  const { output } = await typed(`dead-letters discard totals ${String(last?.['id'])}`)
  assert.match(output, /^1 letter is discarded, 1 that can not be replayed stays open\n/)
  assert.match((await typed('dead-letters list totals')).output, /waited behind a letter that is handled now/)
})

test.run()
