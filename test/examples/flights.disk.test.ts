/** The flights example from end to end, in processes of its own: equal to the twin, kept or made again, stopped, misused. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { differenceFrom, startFlights } from './flights-process.ts'
import { answerOf, flightsInArrivalOrder } from './flights-twin.ts'

const limit = 20_000
const directory = mkdtempSync(join(tmpdir(), 'allsource-flights-'))
const data = join(directory, 'store')
const out = join(directory, 'out')
const rows = (await flightsInArrivalOrder()).slice(0, limit)

test.after(() => rmSync(directory, { recursive: true, force: true }))

test('what is exported equals the answer of the twin', async () => {
  const run = await startFlights(['--data', data, '--limit', String(limit), '--export', out])
  assert.is(run.code, 0, run.stderr)
  assert.is(differenceFrom(answerOf(rows, false), out), null)
  assert.match(run.stdout, 'npx allsource state get hourly-delays')
})

test('a kept store is not imported again and gives the same answer', async () => {
  rmSync(out, { recursive: true })
  const run = await startFlights(['--data', data, '--limit', String(limit), '--keep', '--export', out])
  assert.is(run.code, 0, run.stderr)
  assert.not.match(run.stderr, /^import /m)
  assert.is(differenceFrom(answerOf(rows, false), out), null)
})

test('without the guard suspects move the watermark', async () => {
  const run = await startFlights(['--data', data, '--limit', String(limit), '--raw', '--keep', '--export', out])
  assert.is(run.code, 0, run.stderr)
  assert.is(differenceFrom(answerOf(rows, true), out), null)
})

test('an interrupted import is closed in good order and made again, also with --keep', async () => {
  const stopped = await startFlights(['--data', data], { interruptAt: /^import /m })
  assert.is(stopped.code, 130, stopped.stderr)
  const run = await startFlights(['--data', data, '--limit', '1000', '--keep', '--export', out, '--shards', '1', '--partitions', '3'])
  assert.is(run.code, 0, run.stderr)
  assert.match(run.stderr, /^import /m)
  assert.is(differenceFrom(answerOf(rows.slice(0, 1000), false), out), null)
})

test('bad options are said to be bad, with exit code 2', async () => {
  const bad = [['--limit', 'many'], ['--limit', '0'], ['--shards', '-1'], ['--no-such-option'], ['surplus'], ['--limit']]
  const runs = await Promise.all(bad.map(words => startFlights(['--data', join(directory, 'never'), ...words])))
  assert.equal(
    runs.map(run => [run.code, run.stdout]),
    bad.map(() => [2, '']),
  )
})

test('a directory with other files is left alone', async () => {
  const other = mkdtempSync(join(directory, 'other-'))
  writeFileSync(join(other, 'thesis.txt'), 'the only copy')
  const run = await startFlights(['--data', other])
  assert.is(run.code, 2)
  assert.equal(readdirSync(other), ['thesis.txt'])
})

test.run()
