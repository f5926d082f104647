/** Commands beside a node that runs: it is found, asked, refused a second time, missed when it dies, and not waited for when it is gone. */
// Deadline: 300 s
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { type Around, records, start, type, type Typed, typeHere } from './command-line.ts'
import { type Folder, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before.each(() => {
  folder = topologyFolder()
})
test.after.each(() => folder.remove())

const away = (line: string, around: Around = {}): Promise<Typed> => type(line, { workingDirectory: folder.path, ...around })
/** In this process, with a directory that may be opened. */
const here = (line: string, around: Around = {}): Promise<Typed> => typeHere(line, { workingDirectory: folder.path, openNode, ...around })

interface Running {
  readonly child: ReturnType<typeof start>
  readonly addresses: Readonly<Record<string, string>>
  end(signal: NodeJS.Signals): Promise<number | null>
}

async function running(): Promise<Running> {
  const child = start('start --json --http-port 0', { workingDirectory: folder.path })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { addresses } = JSON.parse(line) as { addresses: Record<string, string> }
  const exited = once(child, 'exit') as Promise<[number | null]>
  return { child, addresses, end: signal => (child.kill(signal), exited.then(([exit]) => exit)) }
}

/** An address where nobody listens any more. */
async function nobodyAt(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

const refusalOf = ({ exit, errors }: Typed): unknown[] => [exit, records(errors)[0]?.['code']]

test('a node that runs is asked over its socket, by the directory or by its address, and ends whole', async () => {
  const node = await running()
  assert.is((await away(`append order-1 --type a --data '{"n":1.50}'`)).exit, 0)
  assert.is((await away(`append order-1 --type a --data 2 --tenant blue`)).exit, 0)
  const { output } = await away('read order-1 --json')
  assert.match(output, '"data":{"n":1.50}}')
  assert.is((await away(`--url ${node.addresses['http']!} read order-1 --json`)).output, output)
  const environment = { ALLSOURCE_URL: node.addresses['http']!, ALLSOURCE_TENANT: 'blue' }
  assert.equal(records((await away('read --all --json', { environment })).output)[0]?.['data'], 2)
  const second = await away('start --json')
  assert.equal(refusalOf(second), [5, 'LOCKED'])
  const { details, message } = records(second.errors)[0] as { details: Record<string, unknown>; message: string }
  assert.equal([details['pid'], details['addresses']], [node.child.pid, node.addresses])
  for (const named of [String(node.child.pid), node.addresses['http']!]) assert.ok(message.includes(named), message)
  assert.is(await node.end('SIGTERM'), 0)
  assert.is((await away('read order-1 --json')).output, output)
})

test('a node that was killed is not asked for: the directory is opened', async () => {
  const node = await running()
  assert.is((await away('append order-1 --type a --data 1')).exit, 0)
  await node.end('SIGKILL')
  assert.ok(existsSync(join(folder.path, 'data/node.json')))
  assert.is(records((await away('read order-1 --json')).output).length, 1)
})

test('a process that only has the number of a node that died is not taken for it', async () => {
  const directory = join(folder.path, 'data')
  await (await openNode({ directory, partitions: 2, shards: 1 })).close()
  for (const addresses of [{ socket: join(directory, 'node.sock') }, { socket: folder.path }, {}, { http: 'http://127.0.0.1:9' }]) {
    writeFileSync(join(directory, 'node.json'), JSON.stringify({ pid: process.pid, started: '', addresses }))
    assert.is((await here('read --all')).exit, 0, JSON.stringify(addresses))
  }
})

test('a node that serves nobody holds its directory', async () => {
  const node = await openNode({ directory: join(folder.path, 'data'), partitions: 2, shards: 1 })
  assert.equal(refusalOf(await here('read --all --json')), [5, 'LOCKED'])
  await node.close()
})

test('a follow ends by a signal with exit 0, and with exit 5 when its node goes away', async () => {
  const node = await running()
  await away('append order-1 --type a --data 1')
  const follows = [0, 1].map(() => start('follow --json', { workingDirectory: folder.path }))
  const ends = follows.map(child => once(child, 'exit') as Promise<[number | null]>)
  for (const { stdout } of follows) await once(createInterface(stdout), 'line')
  follows[0]!.kill('SIGINT')
  assert.is((await ends[0]!)[0], 0)
  let errors = ''
  follows[1]!.stderr.on('data', chunk => (errors += String(chunk)))
  await node.end('SIGKILL')
  assert.is((await ends[1]!)[0], 5)
  assert.is(records(errors)[0]?.['code'], 'UNREACHABLE')
})

test('an address where nobody is, and one where somebody else is', async () => {
  const nobody = await nobodyAt()
  assert.equal(refusalOf(await here(`--url ${nobody} stats --json`)), [5, 'UNREACHABLE'])
  assert.equal(refusalOf(await here(`--url ${nobody} append a --type t --data 1 --json`)), [5, 'UNREACHABLE'])
  for (const url of ['localhost:7070', 'ftp://x', '']) assert.equal(refusalOf(await here(`stats --json --url=${url}`)), [2, 'INVALID'], url)
})

test('a directory and an address contradict each other, unless one stands above the other', async () => {
  const nobody = await nobodyAt()
  const data = join(folder.path, 'data')
  await (await openNode({ directory: data, partitions: 2, shards: 1 })).close()
  assert.equal(refusalOf(await here(`stats --json --data ${data} --url ${nobody}`)), [2, 'INVALID'])
  const both = { environment: { ALLSOURCE_URL: nobody, ALLSOURCE_DATA: data } }
  assert.equal(refusalOf(await here('stats --json', both)), [2, 'INVALID'])
  assert.is((await here(`stats --data ${data}`, { environment: { ALLSOURCE_URL: nobody } })).exit, 0)
  assert.equal(refusalOf(await here(`stats --json --url ${nobody}`, { environment: { ALLSOURCE_DATA: data } })), [5, 'UNREACHABLE'])
  assert.equal(refusalOf(await here(`start --json --url ${nobody}`)), [2, 'INVALID'])
  assert.equal(refusalOf(await here(`stats --json --tenant 'a b'`)), [2, 'INVALID'])
})

test('a topology that names other files is deployed on the machine of the node, and refused at an address', async () => {
  const node = await openNode({ directory: join(folder.path, 'data'), partitions: 2, shards: 1, workers: 1 })
  const { addresses } = await node.serve({ port: 0 })
  folder.write(
    'module.ts',
    readFileSync(join(import.meta.dirname, 'topologies/latest.ts'), 'utf8').replaceAll(
      "'../../../",
      `'${new URL('../../', import.meta.url).href}`,
    ),
  )
  const url = `--url ${addresses['http']!}`
  for (const file of ['module.ts', 'orders.yaml']) {
    const refused = await here(`deploy ${file} --json ${url}`)
    assert.equal(refusalOf(refused), [2, 'INVALID'], file)
    assert.match(refused.errors, file === 'module.ts' ? /module/ : /customers\.csv|functions\.ts/)
  }
  assert.equal((await here('deploy orders.yaml')).exit, 0)
  assert.is(records((await here(`topologies --json ${url}`)).output)[0]?.['name'], 'orders')
  await node.close()
})

test.run()
