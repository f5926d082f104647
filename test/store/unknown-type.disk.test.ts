/** A record whose type belongs to reused files keeps RocksDB busy for ever: it is refused before RocksDB sees it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { refuseDamagedManifest } from '../../store/damage/manifest.ts'
import { checkWriteAhead } from '../../store/damage/write-ahead.ts'
import { columns, mainFile, onCopy, writeDatabase } from './write-ahead-fixture.ts'
import { openRocks } from '../../store/rocks.ts'

const HEADER_BYTES = 7
const BLOCK_BYTES = 32_768
const written = await writeDatabase(400)

test.after(() => rmSync(dirname(written.directory), { recursive: true }))

/** Where the headers of a file's pieces stand. */
function headersOf(bytes: Buffer): number[] {
  const headers: number[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (left < HEADER_BYTES) at += left
    else {
      headers.push(at)
      at += HEADER_BYTES + bytes.readUInt16LE(at + 4)
    }
  }
  return headers
}

function changeType(file: string, header: 'first' | 'last', type: number): void {
  const bytes = readFileSync(file)
  const headers = headersOf(bytes)
  bytes[(header === 'first' ? headers[0]! : headers[headers.length - 1]!) + 6] = type
  writeFileSync(file, bytes)
}

const manifestOf = (directory: string): string =>
  join(
    directory,
    readdirSync(directory).find(name => name.startsWith('MANIFEST'))!,
  )

for (const type of [5, 8, 11, 130]) {
  for (const header of ['first', 'last'] as const) {
    test(`type ${type} in the ${header} record of a manifest is damage`, () =>
      onCopy(written, async directory => {
        refuseDamagedManifest(directory)
        changeType(manifestOf(directory), header, type)
        const error: unknown = await openRocks(directory, { columns, create: false }).then(
          () => null,
          (thrown: unknown) => thrown,
        )
        assert.ok(isEventStoreError(error, 'DAMAGED'), String(error))
        assert.is(error.details['file'], manifestOf(directory))
      }))
  }

  test(`type ${type} in the last record of a write-ahead file is damage and no torn write`, () =>
    onCopy(written, directory => {
      changeType(mainFile(directory), 'last', type)
      assert.is(checkWriteAhead(directory).verdict, 'damaged')
    }))
}

test('a manifest that ends in the middle of a record, or in zeros, is left to RocksDB', () =>
  onCopy(written, directory => {
    const file = manifestOf(directory)
    const bytes = readFileSync(file)
    for (const end of [3, 8]) {
      writeFileSync(file, bytes.subarray(0, bytes.length - end))
      refuseDamagedManifest(directory)
    }
    writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(4096)]))
    refuseDamagedManifest(directory)
  }))

test.run()
