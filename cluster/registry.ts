/**
 * The contract of the small table that all nodes agree on: who the cluster is, its members, and the term of each partition. Every write is a
 * compare-and-set, decided by a quorum; a read may be old and is never the reason to do more than to try a write.
 */
export interface RegistryEntry {
  readonly key: string
  /** JSON. */
  readonly value: unknown
  /** Rises with each write of any key. */
  readonly revision: number
}

/** `unknown`: no answer; it may have been written. */
export type RegistryWrite =
  | { readonly kind: 'written'; readonly revision: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface Registry {
  /** Null when the key was never written. Throws UNREACHABLE when nobody answers. */
  read(key: string): Promise<RegistryEntry | null>
  /** All entries whose key begins with this. Throws UNREACHABLE. */
  list(prefix: string): Promise<RegistryEntry[]>
  /** Writes if the key is at this revision, 0 for a key that is not there. Never throws. */
  write(key: string, value: unknown, revision: number): Promise<RegistryWrite>
  /** Told what is there, and every write after that, of keys with this prefix; in order of revision, perhaps twice. The answer ends it. */
  watch(prefix: string, changed: (entry: RegistryEntry) => void): () => void
  close(): Promise<void>
}
