/**
 * `npm run soak:topologies`: random topologies over random logs, each at several page sizes and with restarts (`--runs N`, from the number `--seed S` on), and
 * one in so many (`--nodes N`) on nodes in memory and on disk besides. All runs of a case must give the same; what does not is shown made small.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomCase, report, shapesFor, trouble } from '../topology/random-cases.ts'
import { runOnNode } from '../topology/random-nodes.ts'
import { difference } from '../topology/random-runs.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '0' },
    nodes: { type: 'string', default: '500' },
  },
})
const [runs, first, nodes] = [Number(values.runs), Number(values.seed), Number(values.nodes)]
let failed = 0
let steps = 0

async function onNodes(seed: number): Promise<string | undefined> {
  const one = randomCase(seed, { forNode: true })
  const directory = mkdtempSync(join(tmpdir(), 'allsource-random-'))
  try {
    const whole = await runOnNode(seed, one, { pageRows: 4096, epochMs: 1000 })
    const ways = [{ pageRows: 1, epochMs: 1 }, { pageRows: 64, epochMs: 5 }, { pageRows: 3, epochMs: 2, directory, closings: [5, 30, 1] }] // prettier-ignore
    for (const way of ways) {
      const differs = difference(whole, await runOnNode(seed, one, way))
      if (differs !== undefined) return `seed ${seed} on a node, pages of ${way.pageRows}: ${differs}`
    }
    return undefined
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

for (let seed = first; seed < first + runs; seed++) {
  const one = randomCase(seed)
  steps += one.topology.steps.length
  const found = (await trouble(one, shapesFor(seed))) === undefined ? undefined : await report(seed)
  const onNode = nodes > 0 && seed % nodes === 0 ? await onNodes(seed) : undefined
  for (const wrong of [found, onNode]) {
    if (wrong === undefined) continue
    failed++
    console.log(wrong)
  }
  if ((seed - first + 1) % 1000 === 0) console.log(`${seed - first + 1} topologies of ${steps} steps, ${failed} failed`)
}
console.log(`${runs - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
