/** Each arrow is shown to be watched: one forbidden import is planted per rule, and the rule must name it. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

interface Finding {
  readonly from: string
  readonly rule: { readonly name: string }
}

const project = resolve(import.meta.dirname, '..')

/** A file of a made-up project, what it imports, and the rule that must object; `allowed` where none may. */
const planted: readonly (readonly [file: string, imports: string, rule: string])[] = [
  ['event/clock.ts', '../store/index.ts', 'event-sees-only-itself'],
  ['event/reads-disk.ts', 'node:fs', 'event-does-no-input-or-output'],
  ['store/log.ts', '../operators/flow.ts', 'store-sees-only-event'],
  ['operators/keeps.ts', '../store/index.ts', 'operators-sees-only-event'],
  ['topology/starts.ts', '../actors/shard.ts', 'topology-sees-only-operators-event'],
  ['actors/opens.ts', '../runtime/index.ts', 'actors-sees-only-query-topology-operators-cluster-store-event'],
  ['runtime/ops/peeks.ts', '../../store/index.ts', 'runtime-ops-door'],
  ['runtime/gateway/peeks.ts', '../../store/index.ts', 'runtime-gateway-door'],
  ['examples/orders/peeks.ts', '../../store/index.ts', 'examples-sees-only-runtime-client-test'],
  ['client/peeks.ts', '../store/index.ts', 'client-sees-only-event'],
  ['client/index.ts', 'node:fs', 'client-fits-into-a-browser'],
  ['client/serves.ts', 'node:http', 'one-door-for-http'],
  ['store/tests.ts', '../test/index.ts', 'nothing-imports-tests'],
  ['operators/map.ts', './filter.ts', 'operators-never-import-operators'],
  ['store/memory.ts', './rocks.ts', 'backends-never-import-backends'],
  ['store/left.ts', './right.ts', 'no-circles'],
  ['store/lost.ts', './nowhere.ts', 'nothing-unresolved'],
  ['store/other.ts', '@nxtedition/rocksdb', 'one-door-for-rocksdb'],
  ['store/streams.ts', 'rxjs', 'one-door-for-rxjs'],
  ['store/calls.ts', 'comlink', 'one-door-for-comlink'],
  ['actors/pools.ts', 'piscina', 'one-door-for-piscina'],
  ['actors/starts.ts', 'node:worker_threads', 'one-door-for-worker_threads'],
  ['operators/reads.ts', 'hyparquet', 'one-door-for-hyparquet'],
  ['store/packs.ts', 'msgpackr', 'one-door-for-msgpackr'],
  ['actors/draws.ts', 'picocolors', 'one-door-for-cli-progress'],
  ['actors/serves.ts', 'node:http', 'one-door-for-http'],
  ['examples/orders/decides.ts', '@event-driven-io/emmett', 'one-door-for-emmett'],
  ['actors/port-threads.ts', 'node:worker_threads', 'allowed'],
  ['client/socket.ts', 'node:http', 'allowed'],
  ['operators/take.ts', './flow.ts', 'allowed'],
  ['examples/orders/start.ts', '../../runtime/index.ts', 'allowed'],
  ['store/rocks.ts', '../event/clock.ts', 'allowed'],
]

/** Files that are only imported. */
const targets = ['store/index.ts', 'operators/flow.ts', 'operators/filter.ts', 'actors/shard.ts', 'runtime/index.ts', 'test/index.ts']

async function findings(): Promise<readonly Finding[]> {
  const directory = await mkdtemp(join(tmpdir(), 'allsource-arrows-'))
  try {
    const texts = [
      ...planted.map(([file, imports]) => [file, `import '${imports}'\n`] as const),
      ...targets.map(file => [file, '\n'] as const),
      ['store/right.ts', "import './left.ts'\n"] as const,
    ]
    for (const [file, text] of texts) {
      await mkdir(join(directory, dirname(file)), { recursive: true })
      await writeFile(join(directory, file), text)
    }
    const cruiser = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const config = join(project, '.dependency-cruiser.mjs')
    const run = promisify(execFile)(process.execPath, [cruiser, '--config', config, '--output-type', 'json', '.'], { cwd: directory })
    const { stdout } = await run.catch((error: { stdout: string }) => error)
    return (JSON.parse(stdout) as { summary: { violations: Finding[] } }).summary.violations
  } finally {
    await rm(directory, { recursive: true })
  }
}

const found = await findings()

for (const [file, imports, rule] of planted) {
  test(`${file} → ${imports}: ${rule}`, () => {
    const rules = found.filter(finding => finding.from === file).map(finding => finding.rule.name)
    if (rule === 'allowed')
      assert.equal(
        rules.filter(name => name !== 'nothing-unresolved'),
        [],
      )
    else assert.ok(rules.includes(rule), `found only: ${rules.join(', ') || 'nothing'}`)
  })
}

test.run()
