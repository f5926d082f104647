/** A few cycles of `npm run soak:kill` and a few harms of `npm run soak:flip`, so that `npm test` sees at once what the soaks would. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FlipRun } from '../soak/flip-run.ts'
import { KillRun } from '../soak/kill-run.ts'

const root = mkdtempSync(join(tmpdir(), 'allsource-kills-'))

test.after(() => rmSync(root, { recursive: true, force: true }))

test('three kills with more than a thousand appends in flight lose nothing that was acknowledged', async () => {
  const run = new KillRun(join(root, 'killed'), { withTopology: true, aims: ['open', 'sealing', 'closing'] })
  for (let cycle = 0; cycle < 3; cycle++) assert.equal((await run.cycle()).wrong, [])
  await run.end()
  assert.ok(run.judge.acknowledgements > 0)
  assert.ok(run.judge.repeated > 0)
})

test('three harms to the files of a store are noticed or do no harm', async () => {
  const run = new FlipRun(join(root, 'flipped'))
  await run.make()
  for (let harms = 0; harms < 3; harms++) {
    const { harm, look } = await run.one()
    assert.is.not(look.class, 'wrong', `${JSON.stringify(harm)}: ${look.words}`)
  }
  await run.end()
})

test.run()
