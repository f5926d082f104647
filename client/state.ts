/** Rows of a projection, over a wire. */
import type { ProjectionReader, StateListOptions, StateRow } from '../event/projections.ts'
import { isEventStoreError } from '../event/error.ts'
import { segment, type Wire } from './wire.ts'

const pageRows = 500

interface Rows {
  readonly rows: readonly { readonly key: readonly unknown[]; readonly value: unknown }[]
  readonly next: readonly unknown[] | null
}

export function remoteState(wire: Wire, projection: string): ProjectionReader {
  const path = `/v1/state/${segment(projection)}`
  return {
    async get(key) {
      try {
        return await wire.json<StateRow>({ path: `${path}/${segment(JSON.stringify(key))}` })
      } catch (error) {
        // A row that is not there is no error here; a projection that is not there is one.
        if (isEventStoreError(error, 'NOT_FOUND') && 'key' in error.details) return undefined
        throw error
      }
    },
    async *list({ prefix, limit = Number.POSITIVE_INFINITY, after, where }: StateListOptions = {}) {
      let left = limit
      let next: Rows['next'] = after ?? null
      for (;;) {
        const query = { prefix: jsonOf(prefix), where: jsonOf(where), after: jsonOf(next ?? undefined), limit: Math.min(left, pageRows) }
        const page: Rows = await wire.json<Rows>({ path, query })
        for (const row of page.rows) {
          yield row
          wire.check()
        }
        left -= page.rows.length
        next = page.next
        if (next === null || left <= 0) return
      }
    },
  }
}

const jsonOf = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))
