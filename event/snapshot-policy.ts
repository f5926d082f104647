/** When the folded state of a stream is kept, and what a policy may say. */
import { EventStoreError } from './error.ts'
import type { SnapshotPolicy } from './event-store.ts'

/** INVALID names the field. */
export function checkSnapshotPolicy({ name, revision, every }: SnapshotPolicy): void {
  const refuse = (field: string, what: string): never => {
    throw new EventStoreError('INVALID', `snapshot.${field} must be ${what}`, { field: `snapshot.${field}` })
  }
  if (name !== undefined && (typeof name !== 'string' || !/^[\w.]{1,64}$/.test(name)))
    refuse('name', 'a text of 1 to 64 letters, digits, dots and underscores')
  if (!Number.isSafeInteger(revision) || revision < 1) refuse('revision', 'a whole number from 1')
  if (!Number.isSafeInteger(every) || every < 1) refuse('every', 'a whole number from 1')
}
