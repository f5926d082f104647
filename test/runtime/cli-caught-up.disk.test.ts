/** `start --until caught-up` as a job that ends, and what commands say of deliveries that wait for a receiver. */
// Deadline: 300 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { HookServer } from '../actors/hook-server.ts'
import { type Around, records, start, type Typed, typeHere } from './command-line.ts'
import { type Folder, topologyFolder } from './topology-folder.ts'

let folder: Folder
let hooks: HookServer
test.before(async () => {
  hooks = await HookServer.open()
  folder = topologyFolder()
  folder.write(
    'paid.yaml',
    `topology: paid
version: 1
sources:
  paid: { follow: paid, fields: { number: integer } }
  told: { follow: told }
sinks:
  on: { from: paid, append: { stream: told, type: told } }
  notify: { from: told, webhook: { url: '${hooks.url}', body: number } }
`,
  )
  folder.write(
    'broken.yaml',
    `topology: broken
version: 1
sources: { paid: { follow: paid } }
steps: [{ id: a, validate: ./there-is-none.json }]
sinks: { out: { from: a, projection: { name: p, key: number } } }
`,
  )
})
test.after(async () => {
  folder.remove()
  await hooks.down()
})

const typed = (line: string, around: Around = {}): Promise<Typed> => typeHere(line, { workingDirectory: folder.path, openNode, ...around })
const paid = (number: number): Promise<Typed> => typed(`append payments --type paid --data '{"number":${number}}'`)

test('takes what is there, sends it, and ends', async () => {
  assert.is((await typed('deploy paid.yaml')).exit, 0)
  await paid(1)
  await paid(2)
  const { exit, output } = await typed('start --until caught-up')
  assert.is(exit, 0)
  assert.match(output, /^ready: .*\ncaught up: /)
  assert.equal(hooks.bodies, [{ number: 1 }, { number: 2 }])
  const again = await typed('start --until caught-up --json')
  assert.equal(
    records(again.output).map(({ ready, caughtUp }) => [ready, caughtUp]),
    [
      [true, undefined],
      [undefined, true],
    ],
  )
  assert.is(hooks.received.length, 2)
})

test('waits for a receiver that is down until it is told to stop, and says what waits', async () => {
  hooks.answer = () => ({ status: 503 })
  await paid(3)
  const child = start('start --until caught-up', { workingDirectory: folder.path })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout.resume()
  while (hooks.received.length < 3) await new Promise(resolve => setTimeout(resolve, 10))
  child.kill('SIGINT')
  assert.is(await new Promise(resolve => child.once('close', resolve)), 0)
  assert.match(errors, /paid: 1 delivery waits/)
  assert.match((await typed('topologies')).output, /\npaid: 1 delivery waits\n$/)
  assert.equal(records((await typed('topologies --json')).output)[0]?.['deliveries'], { waiting: 1 })
  hooks.answer = () => ({ status: 200 })
  assert.is((await typed('start --until caught-up')).exit, 0)
  assert.equal(hooks.bodies.at(-1), { number: 3 })
  assert.not.match((await typed('topologies')).output, /deliver/)
})

test('a topology that fails meanwhile is exit 1', async () => {
  folder.write('there-is-none.json', '{}')
  assert.is((await typed('deploy broken.yaml')).exit, 0)
  folder.write('there-is-none.json', '{ "type": 7 }')
  const { exit, output } = await typed('start --until caught-up')
  assert.is(exit, 1)
  assert.match(output, /\nbroken: INVALID .*there-is-none/)
})

test.run()
