/**
 * Looks at a database's manifest before RocksDB does: in its files are records as in its write-ahead files, and one of a type that belongs to
 * reused files makes it look for ever.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../../event/error.ts'
import { BlockFile, damagedPiece } from './write-ahead-records.ts'

/** DAMAGED when a record of the manifest is whole in length and wrong in content. What a torn write leaves, RocksDB knows. */
export function refuseDamagedManifest(directory: string): void {
  const current = join(directory, 'CURRENT')
  if (!existsSync(current)) return
  const name = readFileSync(current, 'latin1').trim()
  const file = join(directory, name)
  // A CURRENT that names nothing is for RocksDB to refuse.
  if (!/^MANIFEST-\d+$/.test(name) || !existsSync(file)) return
  const blocks = new BlockFile(file)
  try {
    const damage = damagedPiece(blocks)
    if (damage)
      throw new EventStoreError('DAMAGED', `${file} is damaged at byte ${damage.at}: ${damage.cause}`, { file, directory, at: damage.at })
  } finally {
    blocks.close()
  }
}
