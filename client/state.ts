/** Rows of a projection, over a wire. */
import type { ProjectionReader, StateListOptions, StateRow } from '../event/projections.ts'
import { isEventStoreError } from '../event/error.ts'
import { asOfText, invalid } from './read-options.ts'
import { segment, type Wire } from './wire.ts'

const pageRows = 500
/** Of an earlier time, for which every page is folded anew. */
const pageRowsOfBefore = 10_000

interface Rows {
  readonly rows: readonly { readonly key: readonly unknown[]; readonly value: unknown }[]
  readonly next: readonly unknown[] | null
}

export function remoteState(wire: Wire, projection: string): ProjectionReader {
  const path = `/v1/state/${segment(projection)}`
  return {
    async get(key, { asOf } = {}) {
      const query = { as_of: asOfText(asOf) }
      try {
        return await wire.json<StateRow>({ path: `${path}/${segment(keyText(key))}`, query })
      } catch (error) {
        // A row that is not there is no error here; a projection that is not there is one.
        if (isEventStoreError(error, 'NOT_FOUND') && 'key' in error.details) return undefined
        throw error
      }
    },
    async *list({ prefix, where, limit = Number.POSITIVE_INFINITY, after, asOf }: StateListOptions = {}) {
      const wanted = { prefix: jsonOf(prefix), where: jsonOf(where), as_of: asOfText(asOf) }
      let left = limit
      let next: Rows['next'] = after ?? null
      while (left > 0) {
        const query = {
          ...wanted,
          after: jsonOf(next ?? undefined),
          limit: Math.min(left, asOf === undefined ? pageRows : pageRowsOfBefore),
        }
        const page: Rows = await wire.json<Rows>({ path, query })
        for (const row of page.rows) {
          yield row
          wire.check()
        }
        left -= page.rows.length
        next = page.next
        if (next === null) return
      }
    },
  }
}

/** INVALID for what has no JSON: a key that is not there is another thing than one that can not be. */
function keyText(key: unknown): string {
  const text = jsonOf(key)
  if (text === undefined) throw invalid('key', 'must be a JSON value')
  return text
}

const jsonOf = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))
