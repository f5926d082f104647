/** What is for sale in the seat test: a show a way and a round, so that each round begins with some seats sold and some not. */

export const ways = ['condition', 'streams', 'key'] as const
export type Way = (typeof ways)[number]

export const clients = 64
const seats = 40

export interface Sale {
  readonly way: Way
  readonly show: string
  readonly seat: string
  readonly client: number
  readonly round: number
}

/** The seats of all shows up to a round. */
export function seatsOf(way: Way, round: number): Pick<Sale, 'way' | 'show' | 'seat'>[] {
  return Array.from({ length: (round + 1) * seats }, (_, n) => ({
    way,
    show: `${way}-${Math.floor(n / seats)}`,
    seat: `seat-${n % seats}`,
  }))
}
