/** What a stream must look like for an append, as the number that writers compare. */
import { EventStoreError } from './error.ts'
import type { ExpectedVersion } from './event.ts'

/** Versions are kept in 31 bits. */
const versionMost = 2 ** 31 - 1

/** The expected version as a number for the writer: −1 any, −2 exists, else the version (0 = none). */
export function expectedNumber(expected: ExpectedVersion | undefined): number {
  if (expected === undefined || expected === 'any') return -1
  if (expected === 'exists') return -2
  if (expected === 'none') return 0
  if (typeof expected === 'number' && Number.isInteger(expected) && expected >= 0 && expected <= versionMost) return expected
  throw new EventStoreError(
    'INVALID',
    `expectedVersion must be a whole number from 0 to ${versionMost}, "none", "exists" or "any", got ${JSON.stringify(expected) ?? String(expected)}`,
    { field: 'expectedVersion' },
  )
}
