/** Every script of `test/scripts/terms` plays as it is written. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { played, scriptFiles } from './term-scripts.ts'

const files = scriptFiles()

test('there are scripts', () => {
  assert.ok(files.length >= 20, `${files.length} scripts`)
})

for (const { name, text } of files) test(name, () => assert.fixture(played(text), text))

test.run()
