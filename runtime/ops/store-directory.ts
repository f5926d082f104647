/** Whether a directory holds a store, and who holds it: asked before a node is opened, so that the answer is a clear sentence. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../../event/error.ts'

/** NOT_FOUND when there is no store: only commands that write make one. */
export function checkStoreExists(directory: string): void {
  if (existsSync(join(directory, 'store.json'))) return
  const what = existsSync(directory)
    ? statSync(directory).isDirectory()
      ? 'holds no store'
      : 'is a file, not the directory of a store'
    : 'does not exist'
  throw new EventStoreError('NOT_FOUND', `${directory} ${what}`, { directory })
}
