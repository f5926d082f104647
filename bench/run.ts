/** `npm run bench -- NAME [options]`: runs one bench in a process of its own, or says which there are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { say } from './report.ts'

const benches: Readonly<Record<string, string>> = {
  append: 'durable appends of 200 B events in thousands, hundreds and ones; against a plain file with fdatasync',
  'read-stream': 'one stream of 50 events among 100,000 written interleaved; against RocksDB gets',
  follow: 'the whole log followed as blocks and decoded to the columns of two fields; against summing the same bytes',
  open: 'opening after kill -9: first read, first conditional append, memory; against opening the bare database',
  port: 'the worker boundary alone: requests a second and round trips; against postMessage',
  flow: 'Nexmark q0, q1, q2, q7 as pipelines of the product; against plain loops over the same columns',
  flights: 'three million real flights: import and fold; against plain programs',
}

async function main(): Promise<number> {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined || !(name in benches)) {
    const width = Math.max(...Object.keys(benches).map(key => key.length))
    const list = Object.entries(benches).map(([key, about]) => `  ${key.padEnd(width)}  ${about}`)
    const unknown = name === undefined ? '' : `There is no bench "${name}". `
    say(`${unknown}npm run bench -- NAME [--events N] [--seconds N] [--only CASE] [--directory DIR]\n\n${list.join('\n')}`)
    return 2
  }
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--disable-warning=ExperimentalWarning', join(import.meta.dirname, `${name}.ts`), ...rest],
    { stdio: 'inherit' },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

process.exitCode = await main()
