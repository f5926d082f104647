/** The runner is only worth what it notices: each way a test file can end badly counts as failed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { judge, runFile, totalsOf } from './run-file.ts'

const fixture = (name: string): string => `test/fixtures/runner/${name}.ts`
const good = { code: 0, signal: null, timedOut: false }

async function counts(name: string, deadlineMs = 60_000): Promise<string> {
  const { passed, failed, skipped, cause } = await runFile(fixture(name), deadlineMs)
  return `${passed} passed, ${failed} failed, ${skipped} skipped${cause === '' ? '' : `: ${cause}`}`
}

test('a good file counts its tests', async () => {
  assert.is(await counts('passes'), '2 passed, 0 failed, 1 skipped')
})

test('a failed test counts, and its message is kept', async () => {
  const result = await runFile(fixture('fails'), 20_000)
  assert.is(result.passed, 1)
  assert.is(result.failed, 1)
  assert.match(result.output, 'two')
})

test('an error with details is shown whole, and the tests behind it run', async () => {
  const result = await runFile(fixture('refuses'), 20_000)
  assert.is(result.passed, 1)
  assert.is(result.failed, 1)
  assert.match(result.output, /there is no room\s+BUSY \{"limit":"mailboxBytes"\}/)
})

test('a file that dies by a signal fails', async () => {
  assert.is(await counts('dies'), '0 passed, 1 failed, 0 skipped: ended by signal SIGSEGV')
})

test('a file that never ends fails at its deadline', async () => {
  assert.is(await counts('hangs', 1500), '1 passed, 1 failed, 0 skipped: did not end within 1.5 s')
})

test('a file that prints no totals fails', async () => {
  assert.match(await counts('silent'), /^0 passed, 1 failed, 0 skipped: printed no totals/)
})

test('a rejection without an error fails', async () => {
  assert.match(await counts('rejects'), /^0 passed, 1 failed/)
})

test('an exit code counts even when all tests passed', async () => {
  assert.is(await counts('exits'), '1 passed, 1 failed, 0 skipped: ended with exit code 7')
})

test('totals of several suites add up, with colours too', () => {
  const print = (total: number, passed: number): string =>
    `\n  Total:     ${total}\n\u001b[32m  Passed:    ${passed}\u001b[39m\n  Skipped:   0\n`
  assert.equal(totalsOf(print(3, 2) + print(5, 5)), { prints: 2, total: 8, passed: 7, skipped: 0 })
})

test('a file without tests fails', () => {
  assert.is(judge({ prints: 1, total: 0, passed: 0, skipped: 0 }, good, 1000).failed, 1)
})

test.run()
