/** `npm run simulate`: whole clusters in one thread, a seed each; or the check of a history that others wrote down. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { checkHistory } from './check-history.ts'
import { historyText, readHistory } from './history.ts'
import { mutants } from './mutants.ts'
import { runSeed } from './run-seed.ts'

const usage = `npm run simulate -- [--seeds N] [--seed K] [--trace] [--history FILE] [--check FILE] [--mutants]

  --seeds    how many seeds are run (100)
  --seed     the first of them (1); alone, with a trace of what happened
  --trace    prints what happens
  --history  writes down what the clients of the last seed were told
  --check    checks a history instead: one order of events a stream that fits real time
  --mutants  puts bugs into the source, one after the other, and tells which schedule or seed (of --seeds, 25) finds each
  --processes  that share many seeds (one a core)`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean' },
      history: { type: 'string' },
      check: { type: 'string' },
      mutants: { type: 'boolean' },
      processes: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (values.check !== undefined) return check(values.check)
  if (values.mutants) return killMutants(Number(values.seeds ?? 25))
  const first = Number(values.seed ?? 1)
  const count = Number(values.seeds ?? (values.seed === undefined ? 100 : 1))
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
    console.error(usage)
    return 2
  }
  const processes = Number(values.processes ?? availableParallelism())
  if (count > 50 && processes > 1 && !values.trace && values.history === undefined) return shared(first, count, processes)
  return seeds(first, count, {
    isTraced: values.trace ?? (values.seed !== undefined && values.seeds === undefined),
    history: values.history,
  })
}

async function seeds(first: number, count: number, about: { isTraced: boolean; history: string | undefined }): Promise<number> {
  const failed: number[] = []
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed({ seed, ...(about.isTraced && { trace: line => console.log(line) }) })
    if (about.history !== undefined) writeFileSync(about.history, historyText(result.operations))
    if (result.wrong.length === 0) continue
    failed.push(seed)
    console.log(`seed ${seed}: ${result.wrong[0]}`)
  }
  if (failed.length > 0) console.log(`\nfailed seeds: ${failed.join(' ')}\nnpm run simulate -- --seed ${failed[0]}`)
  console.log(`${count - failed.length} passed, ${failed.length} failed`)
  return failed.length > 0 ? 1 : 0
}

/** A mutant after which something does not end is killed as well. */
const MUTANT_MS = 120_000

function killMutants(seedsMost: number): number {
  const child = fileURLToPath(new URL('./mutant-child.ts', import.meta.url))
  let alive = 0
  for (const { name } of mutants) {
    const told = spawnSync(process.execPath, [child, name, String(seedsMost)], { encoding: 'utf8', timeout: MUTANT_MS })
    const { stdout, stderr, status, error } = told
    if (status !== 0 && !error) throw new Error(`${name}: ${stderr}`)
    const [killer, wrong] = error ? ['time', 'it does not end'] : stdout.trim().split('\t')
    if (!killer) alive++
    console.log(`${name.padEnd(52)} ${(killer || 'ALIVE').padEnd(9)} ${wrong ?? ''}`)
  }
  console.log(`${mutants.length - alive} passed, ${alive} failed`)
  return alive > 0 ? 1 : 0
}

/** Several processes share the seeds. */
async function shared(first: number, count: number, processes: number): Promise<number> {
  const share = Math.ceil(count / processes)
  const runs = Array.from({ length: processes }, async (_, i) => {
    const from = first + i * share
    const seedsLeft = Math.min(share, first + count - from)
    if (seedsLeft < 1) return { passed: 0, failed: 0 }
    const child = spawn(process.execPath, [process.argv[1]!, '--seed', String(from), '--seeds', String(seedsLeft), '--processes', '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said = await text(child.stdout)
    const totals = /(\d+) passed, (\d+) failed\s*$/.exec(said)
    if (!totals || Number(totals[2]) > 0) console.log(said.trim())
    return totals ? { passed: Number(totals[1]), failed: Number(totals[2]) } : { passed: 0, failed: seedsLeft }
  })
  const all = await Promise.all(runs)
  const failed = all.reduce((sum, one) => sum + one.failed, 0)
  console.log(`${all.reduce((sum, one) => sum + one.passed, 0)} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

function check(file: string): number {
  const operations = readHistory(readFileSync(file, 'utf8'))
  const wrong = checkHistory(operations)
  for (const one of wrong) console.log(one)
  const streams = new Set(operations.map(({ stream }) => stream)).size
  console.log(`${operations.length} operations of ${streams} streams: ${wrong.length === 0 ? 'linearizable' : `${wrong.length} wrong`}`)
  return wrong.length > 0 ? 1 : 0
}

process.exitCode = await main()
