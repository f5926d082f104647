/** Who waits for changes of projections: told the keys of rows as they are folded, and nothing else. */
import type { EventStoreError } from '../../event/error.ts'

/** One reader of the changes of a projection. Keys are `rowKeyText`. */
export interface StateFollower {
  /** These rows have changed. */
  changed(keys: readonly string[]): void
  /** What was folded and not durable is gone; it may come again. */
  lost(): void
  ended(error: EventStoreError): void
}

export class StateSubscriptions {
  readonly #followers = new Map<string, Set<StateFollower>>()

  /** Projections that somebody follows. */
  get watched(): readonly string[] {
    return [...this.#followers.keys()]
  }

  /** True for the first one of a projection. */
  add(projection: string, follower: StateFollower): boolean {
    const followers = this.#followers.get(projection) ?? new Set<StateFollower>()
    this.#followers.set(projection, followers)
    followers.add(follower)
    return followers.size === 1
  }

  /** True when it was the last one. */
  remove(projection: string, follower: StateFollower): boolean {
    const followers = this.#followers.get(projection)
    if (!followers?.delete(follower) || followers.size > 0) return false
    this.#followers.delete(projection)
    return true
  }

  changed(projection: string, keys: readonly string[]): void {
    for (const follower of this.#followers.get(projection) ?? []) follower.changed(keys)
  }

  lost(projections: readonly string[]): void {
    for (const projection of projections) for (const follower of this.#followers.get(projection) ?? []) follower.lost()
  }

  /** All of them. */
  close(error: EventStoreError): void {
    this.ended(this.watched, error)
  }

  ended(projections: readonly string[], error: EventStoreError): void {
    for (const projection of projections) for (const follower of this.#followers.get(projection) ?? []) follower.ended(error)
  }
}
