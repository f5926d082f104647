/** `webhook` against the contract, and what it refuses. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { webhook, type WebhookOptions } from '../../operators/webhook.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { airports, withBarriers } from './arbitrary.ts'

const test = operatorContract(webhook, {
  poison: { order: 'x', customer: 'two\nlines', cents: 1 },
  twin: {
    input: withBarriers(fc.record({ origin: airports, delay: fc.integer(), note: fc.string({ unit: 'binary' }) })),
    options: {
      url: 'http://localhost:1/{{{origin}}}?note={note}',
      headers: { 'X-Delay': 'd{delay}' },
      body: ['delay', 'note'],
      attempts: 2,
    },
    answer: rows => {
      const isPlain = ({ origin, note }: Readonly<Record<string, unknown>>): boolean =>
        origin !== null && note !== '' && note !== '.' && note !== '..' && String(note).isWellFormed()
      return {
        posts: rows.filter(isPlain).map(({ origin, delay, note }) => ({
          url: new URL(`http://localhost:1/{${encodeURIComponent(String(origin))}}?note=${encodeURIComponent(String(note))}`).href,
          method: 'POST' as const,
          headers: { 'content-type': 'application/json', 'x-delay': `d${String(delay)}` },
          body: JSON.stringify({ delay, note }),
          timeoutMs: 10_000,
          attempts: 2,
        })),
        dead: [...rows.entries()].flatMap(([order, row]) => (isPlain(row) ? [] : [order])),
      }
    },
  },
})

const refused = (options: unknown): unknown => {
  try {
    webhook.types!(options as WebhookOptions, { ...anyRow, fields: { a: 'text' }, isOpen: false }, () => undefined)
    return 'nothing'
  } catch (error) {
    return isEventStoreError(error, 'INVALID') ? error.details['option'] : error
  }
}

test('refuses before anything runs what can be no request', () => {
  const url = 'https://shop.example/{a}'
  assert.is(refused({ url }), 'nothing')
  assert.is(refused({ url: 'ftp://shop.example/' }), 'url')
  assert.is(refused({ url: 'shop.example' }), 'url')
  assert.is(refused({ url: 'https://me:secret@shop.example/' }), 'url')
  assert.is(refused({ url, timeout: '0s' }), 'timeout')
  assert.is(refused({ url, timeout: '301s' }), 'timeout')
  assert.is(refused({ url, secretEnvironment: 'A=B' }), 'secretEnvironment')
  assert.is(refused({ url, headers: ['x'] }), 'headers')
  assert.is(refused({ url, headers: { 'X-A': '{a}', 'x-b': 'b' } }), 'nothing')
  for (const [name, value] of [
    ['Idempotency-Key', '1'],
    ['Content-Length', '1'],
    ['a b', '1'],
    ['x', 1],
    ['x', '{b}'],
    ['x', 'é'],
    ['x', 'a\r\nHost: b'],
    ['__proto__ ', 'x'],
  ] as const)
    assert.is(refused({ url, headers: { [name]: value } }), `headers.${name}`)
  assert.is(refused({ url, headers: { 'X-A': '1', 'x-a': '2' } }), 'headers.x-a')
})

test('a value can not lead the request elsewhere', async () => {
  const { posts, dead } = await runOperator(webhook as never, {
    options: { url: 'https://shop.example/{path}/x', body: ['path'] },
    input: [{ path: '../..//evil?a=1#b' }, { path: '@evil.example' }, { path: '\ud800' }, { path: 7 }, { path: {} }, { path: '..' }],
    pageRows: 10,
  })
  assert.equal(
    posts.map(({ url }) => url),
    ['https://shop.example/..%2F..%2F%2Fevil%3Fa%3D1%23b/x', 'https://shop.example/%40evil.example/x', 'https://shop.example/7/x'],
  )
  assert.equal(dead, [2, 4, 5])
})

test('the whole URL may come from a column, if it is one', async () => {
  const { posts, dead } = await runOperator(webhook as never, {
    options: { url: '{hook}' },
    input: [{ hook: 'https://a.example/x?y=1' }, { hook: 'file:///etc/passwd' }, { hook: 'https://u:p@a.example/' }],
    pageRows: 10,
  })
  assert.equal(
    posts.map(({ url }) => url),
    ['https://a.example/x?y=1'],
  )
  assert.equal(dead, [1, 2])
})

test.run()
