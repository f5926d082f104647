/** `FIELD=JSON,…` on the command line: commas and equal signs within values belong to them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { fieldValues } from '../../runtime/ops/values.ts'

test('reads fields and their values', () => {
  assert.equal(fieldValues.read('status="open"'), { status: 'open' })
  assert.equal(fieldValues.read('a=1,b=null , c d = [1,2]'), { a: 1, b: null, 'c d': [1, 2] })
  assert.equal(fieldValues.read('text="x,y=1",object={"a":[1,{"b":"}"}]}'), { text: 'x,y=1', object: { a: [1, { b: '}' }] } })
})

test('refuses what is none', () => {
  for (const text of ['', 'status', 'status=', 'status=open', '=1', 'a=1,b', 'a="x,y'])
    assert.throws(
      () => fieldValues.read(text),
      (error: unknown) => isEventStoreError(error, 'INVALID'),
      text,
    )
})

test.run()
