/** Functions of other languages: refused at their name, with what to write here. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../event/error.ts'
import { expressionOf } from '../../../operators/expressions/expression.ts'

const instead: readonly (readonly [text: string, word: RegExp])[] = [
  ['iff(a > 1, b, c)', /case when/],
  ['if(a > 1, b, c)', /case when/],
  ['date(at)', /::timestamp.*date_trunc/],
  ['hour(at)', /extract\(hour from x\)/],
  ['day(at)', /extract\(day from x\)/],
  ['dayofweek(at)', /isodow/],
  ['datediff(a, b)', /extract\(epoch from a - b\)/],
  ["split(s, ',')", /split_part/],
  ['str(n)', /::text/],
  ['int(n)', /::integer/],
  ['float(n)', /::number/],
]

for (const [text, word] of instead)
  test(text, () => {
    try {
      expressionOf(text)
    } catch (error) {
      if (!isEventStoreError(error, 'INVALID')) throw error
      assert.match(error.message, word)
      assert.is(error.details['offset'], 0)
      assert.is(error.details['length'], text.indexOf('('))
      return
    }
    assert.unreachable('it was taken')
  })

test.run()
