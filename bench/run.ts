/** `npm run bench -- NAME [options]`: runs one bench in a process of its own, or says which there are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { say } from './report.ts'

const benches: Readonly<Record<string, string>> = {
  append: 'durable appends of 200 B events in thousands, hundreds and ones; against a plain file with fdatasync',
  'read-stream': 'one stream of 50 events among 100,000 written interleaved; against RocksDB gets',
  follow: 'the whole log followed as blocks and decoded to the columns of two fields; against summing the same bytes',
  filter: 'one event in a thousand by type, category, tag and correlation id; against looking into every block',
  open: 'opening after kill -9: first read, first conditional append, memory; against opening the bare database',
  cluster: 'three nodes over three NATS servers: appends, failover, hand-over, a wiped node; against JetStream alone',
  port: 'the worker boundary alone: requests a second and round trips; against postMessage',
  exchange: 'pages split by key, sent to lanes in other workers and merged back in order; against structured clones of the same pages',
  nexmark: 'seventeen queries of Nexmark as topologies, exactly-once; against plain loops over the same columns, with the same answers',
  flow: 'Nexmark q0, q1, q2, q7 as pipelines of the product, q1 also with closures and expressions; against plain loops over the same columns',
  'log-to-log': 'follow, map, append, exactly-once; against reading and appending the same events without a topology',
  expressions: 'expressions over pages of columns; against the same loops written by hand',
  lint: 'a topology file of 500 steps read and checked; against parsing its YAML alone',
  'slow-sink': 'a webhook and a log that are ten times slower than the source: rows a second and memory; against fast ones',
  http: 'appends, reads and follows over HTTP; against the calls in the process and a server that only echoes',
  'large-state':
    'state ten times as large as its memory: events a second of q5 and of a count by key; against the same with memory for all',
  'state-get': 'rows of a projection by key: bytes, decoded, get; with and without 200,000 writes a second; against RocksDB gets',
  'projection-lag': 'from an append acknowledged to the row that shows it, at half of the highest rate; against the append itself',
  'cluster-raw': 'JetStream alone: conditional publishes of 64 and 16 KiB to three servers on one disk; what a cluster is measured against',
  flights: 'three million real flights: import and fold; against plain programs',
}

/** Runs one bench; answers its exit code. */
async function run(name: string, words: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--disable-warning=ExperimentalWarning', join(import.meta.dirname, `${name}.ts`), ...words],
    { stdio: 'inherit' },
  )
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('SIGINT', forward).off('SIGTERM', forward)
  return code ?? 1
}

function list(unknown: string | undefined): string {
  const all = { ...benches, all: 'every bench, one after another' }
  const width = Math.max(...Object.keys(all).map(key => key.length))
  const lines = Object.entries(all).map(([key, about]) => `  ${key.padEnd(width)}  ${about}`)
  const reason = unknown === undefined ? '' : `There is no bench "${unknown}". `
  return `${reason}npm run bench -- NAME [--events N] [--seconds N] [--only CASE] [--directory DIR]\n\n${lines.join('\n')}`
}

async function main(): Promise<number> {
  const [name, ...words] = process.argv.slice(2)
  if (name === 'all') {
    const codes: number[] = []
    for (const each of Object.keys(benches)) codes.push(await run(each, words))
    return Math.max(...codes)
  }
  if (name !== undefined && name in benches) return run(name, words)
  say(list(name))
  return 2
}

process.exitCode = await main()
