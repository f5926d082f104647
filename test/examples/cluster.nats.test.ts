/** The example of a cluster from end to end, small: nodes are killed while flights come in, and all tell the same in the end. */
// Deadline: 600 s
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const program = join(import.meta.dirname, '../../examples/cluster/start.ts')
const deadlineMs = 540_000

interface Ran {
  readonly code: number
  readonly output: string
  readonly errors: string
}

function run(...words: string[]): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [program, ...words], { timeout: deadlineMs, killSignal: 'SIGINT' }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output, errors })
    })
  })
}

test('three nodes that are killed tell what a single node tells', async () => {
  const { code, output, errors } = await run('--events', '3000', '--kills', '2')
  assert.is(code, 0, output + errors)
  assert.is(errors.match(/ is killed at flight /g)?.length, 2)
  assert.is(output.match(/^n\d +3,000 .* equal /gm)?.length, 3, output)
})

test('bad options are said to be bad, with exit code 2', async () => {
  const bad = [['--events', 'many'], ['--events', '0'], ['--kills', '-1'], ['--no-such-option'], ['surplus']]
  for (const words of bad) {
    const { code, output } = await run(...words)
    assert.equal([code, output], [2, ''], words.join(' '))
  }
})

test.run()
