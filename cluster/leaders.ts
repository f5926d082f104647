/**
 * Who leads what, as far as a node knows: the table that terms are taken in, as it was last seen. It may be old. Only an append proves a leader, and
 * who asks the wrong node is told so.
 */
export interface KnownLeader {
  readonly node: string
  readonly term: number
  /** The process of the node that took the term: it alone is sent requests. */
  readonly incarnation: string
  /** Where its front ends can be asked, where that is known. */
  readonly address?: string
}

export interface Leaders {
  /** This node. */
  readonly self: string
  /** Null while nobody is known to lead it. */
  of(partition: number): KnownLeader | null
  /** Whether a node was heard of within the deadline. */
  isThere(node: string): boolean
  /** Called behind each change of a leader or a term. The answer ends it. */
  changed(call: () => void): () => void
}

/** One term of one process; nobody is nobody, in any term. */
export function isSameTerm(one: Led | null | undefined, other: Led | null | undefined): boolean {
  return one?.node === other?.node && one?.incarnation === other?.incarnation && one?.term === other?.term
}

type Led = { readonly [Field in 'node' | 'incarnation']: string | null } & { readonly term: number }

/** The errors' part of who leads a partition. */
export function leaderDetails(partition: number, leader: KnownLeader | null): Readonly<Record<string, unknown>> {
  if (!leader) return { partition, leader: null }
  const { node, term, address } = leader
  return { partition, leader: node, term, ...(address !== undefined && { address }) }
}
