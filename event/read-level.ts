/** How fresh a read must be: what can be asked of it, and what is refused. */
import { EventStoreError } from './error.ts'
import type { Position } from './event.ts'

/**
 * `leader`: all that was committed when the read was called, wherever in a cluster that was. `any`: what the node that is asked has by now. A node that
 * stands alone has all there is, and either costs nothing.
 */
export type ReadLevel = 'leader' | 'any'

export interface FreshnessOptions {
  /** Default `leader`; with `atLeast`, `any`. */
  readonly level?: ReadLevel
  /** Waits until this position (of an earlier answer) can be read. */
  readonly atLeast?: Position
}

export function checkReadLevel(level: unknown): void {
  if (level !== undefined && level !== 'leader' && level !== 'any')
    throw new EventStoreError('INVALID', `level must be leader or any, got ${JSON.stringify(level)}`, { field: 'level' })
}
