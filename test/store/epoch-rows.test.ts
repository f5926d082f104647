/** Rows as they stand for who changes them, against a map: what is gathered, what is on its way, and what is in the database. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyEpoch, EpochBytes } from '../../store/epoch-bytes.ts'
import { EpochRows } from '../../store/epoch-rows.ts'
import { openMemory } from '../../store/memory.ts'
import { type StateColumn, stepPrefix } from '../../store/state.ts'

const prefix = stepPrefix('topology', 'step', 1)
const other = stepPrefix('topology', 'step', 2)
const key = fc.uint8Array({ min: 254, max: 255, minLength: 1, maxLength: 3 })

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('append' as const), key, value: fc.uint8Array({ maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('take' as const, 'write' as const, 'written' as const) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('read' as const), within: fc.option(key), from: fc.option(key) }) },
)

test('rows are those put last, wherever they are on their way', () => {
  const property = fc.property(fc.array(command, { maxLength: 80 }), commands => {
    const store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
    const rows = new EpochRows(store)
    const twin = new Map<string, string>()
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    let onItsWay: Uint8Array | undefined
    const write = (): void => {
      if (onItsWay === undefined) return
      const batch = store.batch()
      applyEpoch(onItsWay, batch)
      store.write(batch, { sync: false })
      onItsWay = undefined
    }
    for (const one of commands) {
      if (one.does === 'put') {
        rows.put('state', prefix, one.key, one.value)
        rows.put('state', other, one.key, Uint8Array.of(9))
        rows.put('meta', prefix, one.key, Uint8Array.of(8))
        twin.set(hex(one.key), hex(one.value))
      } else if (one.does === 'append') {
        const elsewhere = new EpochBytes()
        elsewhere.put('state', prefix, one.key, one.value)
        rows.append(elsewhere.take())
        twin.set(hex(one.key), hex(one.value))
      } else if (one.does === 'delete') {
        rows.delete('state', prefix, one.key)
        twin.delete(hex(one.key))
      } else if (one.does === 'take') {
        write()
        onItsWay = rows.take()
      } else if (one.does === 'write') write()
      else if (one.does === 'written') {
        write()
        rows.written()
      } else if (one.does === 'read') {
        const { within, from } = one
        const range = { ...(within && { within }), ...(from && { from }) }
        const found = Array.from(rows.rows(prefix, range), ([name, value]) => [hex(name), hex(value)])
        const begin = hex(within ?? new Uint8Array(0))
        const expected = [...twin].filter(([name]) => name.startsWith(begin) && name >= hex(from ?? new Uint8Array(0)))
        assert.equal(
          found,
          expected.sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      }
    }
    const asked = [...new Set(commands.flatMap(one => ('key' in one ? [hex(one.key)] : [])))]
    const values = rows.getMany(
      prefix,
      asked.map(name => Buffer.from(name, 'hex')),
    )
    for (const [at, name] of asked.entries()) {
      assert.is(values[at] && hex(values[at]), twin.get(name))
      assert.equal(rows.get(prefix, Buffer.from(name, 'hex')), values[at])
    }
  })
  fc.assert(property, { seed: 4, numRuns: 500 })
})

test('many rows are found among many', () => {
  const rows = new EpochRows(openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } }))
  const count = 5000
  const keyAt = (at: number): Uint8Array => Buffer.from(`key ${at}`)
  for (let at = 0; at < count; at++) rows.put('state', prefix, keyAt(at), Buffer.from(String(at)))
  for (let at = 0; at < count; at += 2) rows.delete('state', prefix, keyAt(at))
  const values = rows.getMany(
    prefix,
    Array.from({ length: count + 1 }, (_, at) => keyAt(at)),
  )
  for (let at = 0; at <= count; at++) assert.is(Buffer.from(values[at] ?? []).toString(), at % 2 === 1 ? String(at) : '')
})

test.run()
