/** A module beside ours is found with the extension of the running file. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { siblingModule } from '../../event/module-url.ts'

test('sources find sources', () => {
  assert.is(siblingModule('file:///app/runtime/node.ts', './worker').href, 'file:///app/runtime/worker.ts')
})

test('compiled files find compiled files', () => {
  const from = 'file:///app/node_modules/allsource/dist/runtime/node.js'
  assert.is(siblingModule(from, '../actors/port').href, 'file:///app/node_modules/allsource/dist/actors/port.js')
})

test('a query that marks a reload does not hide the extension', () => {
  assert.is(siblingModule(new URL('file:///a/b.ts?reload=2'), './c').href, 'file:///a/c.ts')
})

test.run()
