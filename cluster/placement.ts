/**
 * Which nodes a partition prefers, as an order that every node works out alike: rendezvous hashing (Thaler and Ravishankar, "Using name-based
 * mappings to increase hit rates", 1998). Who comes or goes moves only its own share.
 */
import { TextHash } from '../event/hash.ts'

export interface PlacedMember {
  readonly node: string
  /** What fails together: a rack, a room, a provider's zone. */
  readonly zone: string
}

/** Fixed for ever, as other keys are another placement; chosen among many so that nodes with plain names (n1, n2, …) share few partitions evenly, too. */
const hash = new TextHash(0x69d117a3, 0x2f8f1411)

/**
 * All nodes, the one that should lead first. The first ones are the best of each zone, then come the second best of each, and so on, so that as many
 * neighbours as there are zones fail apart.
 */
export function preference(partition: number, members: readonly PlacedMember[]): string[] {
  const best = members.map(member => ({ ...member, ...weightOf(partition, member.node) })).sort(byWeight)
  const seen = new Map<string, number>()
  const rounds = best.map(({ zone }) => {
    const round = seen.get(zone) ?? 0
    seen.set(zone, round + 1)
    return round
  })
  // Sorting is stable: within a round the order is that of the weights.
  const order = best.map((_, index) => index).sort((a, b) => rounds[a]! - rounds[b]!)
  return order.map(index => best[index]!.node)
}

interface Weight {
  readonly node: string
  readonly high: number
  readonly low: number
}

function weightOf(partition: number, node: string): Omit<Weight, 'node'> {
  const { hi: high, lo: low } = hash.text(`${partition}/${node}`)
  return { high, low }
}

function byWeight(a: Weight, b: Weight): number {
  return b.high - a.high || b.low - a.low || (a.node < b.node ? -1 : 1)
}
