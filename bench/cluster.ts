/** Three nodes of one store over three NATS servers on one disk: appends against JetStream alone, failover, hand-over, catching up. */
import { parseArgs } from 'node:util'
import { startNatsServers } from '../test/fixtures/nats-servers.ts'
import { appendCases } from './cluster/append-cases.ts'
import type { CaseParts, ClusterBenchOptions } from './cluster/cases.ts'
import { catchUpCase } from './cluster/catch-up-case.ts'
import { faultCases } from './cluster/fault-cases.ts'
import { positive } from './options.ts'
import { say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const usage = `npm run bench -- cluster [options]
  --events N      events that a wiped node has to catch up with, default 500k
  --kills N       nodes that are killed, default 10; a fifth as many NATS servers
  --seconds N     length of one load, default 10
  --cases A,B     only cases whose name contains one of the texts: raw, batches, single, failover, hand-over, wiped
  --directory DIR parent of the temporary stores (chooses the disk)`

function optionsOf(words: readonly string[]): ClusterBenchOptions {
  const text = { type: 'string' } as const
  const options = { events: text, kills: text, seconds: text, cases: text, only: text, directory: text }
  const { values } = parseArgs({ args: [...words], options })
  return {
    events: positive('events', values.events ?? '500k'),
    kills: Math.ceil(positive('kills', values.kills ?? '10')),
    seconds: values.seconds === undefined ? undefined : positive('seconds', values.seconds),
    cases: (values.cases ?? values.only ?? '').split(','),
    directory: values.directory,
  }
}

async function main(options: ClusterBenchOptions): Promise<void> {
  leaveCleanly()
  const place = temporary(options.directory)
  const nats = await startNatsServers({ parent: place.path })
  let names = 0
  const parts: CaseParts = {
    nats,
    directory: place.path,
    options,
    isWanted: name => options.cases.some(text => name.includes(text)),
    nextName: () => `bench-${++names}`,
  }
  try {
    await appendCases(parts)
    await faultCases(parts)
    await catchUpCase(parts)
  } finally {
    await nats.close()
    place.remove()
  }
}

let options: ClusterBenchOptions
try {
  options = optionsOf(process.argv.slice(2))
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  process.exit(2)
}
await main(options)
// A case that failed has left nodes, which end with this process.
process.exit()
