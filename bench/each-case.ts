/** Runs each case of a bench in a process of its own, so that memory and warm code of one do not colour the next. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type BenchOptions, benchOptions, wanted } from './options.ts'
import { say } from './report.ts'
import { leaveCleanly } from './temporary.ts'

/** The bench's main: with `--case` it runs that case here, else a child for every case wanted. */
export async function eachInItsProcess<Case extends { readonly name: string }>(
  bench: string,
  cases: readonly Case[],
  run: (one: Case, options: BenchOptions) => Promise<void>,
): Promise<void> {
  leaveCleanly()
  const options = benchOptions()
  if (options.case !== undefined) {
    const one = cases.find(({ name }) => name === options.case)
    if (!one) throw new Error(`no case "${options.case}"; there are: ${cases.map(({ name }) => name).join('; ')}`)
    return run(one, options)
  }
  for (const { name } of cases.filter(one => wanted(options, one.name))) {
    say(`${bench}: ${name}`)
    await runChild(name)
  }
}

async function runChild(name: string): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1), '--case', name], { stdio: 'inherit' })
  const stop = (): boolean => child.kill('SIGTERM')
  process.once('exit', stop)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('exit', stop)
  if (code !== 0) process.exitCode = 1
}
