/** CRC-32C against known sums; write batches taken apart, and refused when they are cut or foreign. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { crc32c, unmaskCrc } from '../../store/damage/crc32c.ts'
import { columnOfId, readWriteBatch } from '../../store/damage/write-batch.ts'

test('crc32c agrees with the vectors of RFC 3720', () => {
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.is(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43)
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
  assert.is(crc32c(Buffer.from('__123456789__'), 2, 11), 0xe3069283)
})

test('unmasking undoes the rotation and the constant', () => {
  const sum = 0xe3069283
  const masked = (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
  assert.is(unmaskCrc(masked), sum)
})

/** Sequence 5; put a=1 in column 1, delete b in column 0, delete range c…d in column 300. */
const batch = Buffer.from('0500000000000000' + '03000000' + '0501016101' + '31' + '0d' + '000162' + '0eac0201630164', 'hex')

test('a batch is read change by change', () => {
  const { sequence, rows } = readWriteBatch(batch)
  assert.is(sequence, 5)
  assert.equal(
    rows.map(row => [row.kind, row.columnId, Buffer.from(row.key).toString(), Buffer.from(row.value).toString()]),
    [
      ['put', 1, 'a', '1'],
      ['delete', 0, 'b', ''],
      ['deleteRange', 300, 'c', 'd'],
    ],
  )
})

test('a batch that is cut, foreign or miscounted is DAMAGED', () => {
  const foreign = Uint8Array.from(batch)
  foreign[12] = 0x77
  const miscounted = Uint8Array.from(batch)
  miscounted[8] = 4
  for (let length = 0; length < batch.length; length++) refuse(batch.subarray(0, length))
  refuse(foreign)
  refuse(miscounted)
})

function refuse(bytes: Uint8Array): void {
  assert.throws(
    () => readWriteBatch(bytes),
    (error: unknown) => isEventStoreError(error, 'DAMAGED'),
  )
}

test('columns are numbered from 1 in the order they were opened', () => {
  assert.is(columnOfId({ log: 0, meta: 0 }, 2), 'meta')
  assert.is(columnOfId({ log: 0, meta: 0 }, 0), undefined)
})

test.run()
