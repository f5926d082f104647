/** Rows of eight fields under short keys, the same in every thread. */

export const keyOf = (number: number): string => `order-${number}`

/** About 160 bytes of JSON; `version` tells one from the next. */
export function valueOf(number: number, version: number): unknown {
  return {
    customer: `customer-${number % 10_000}`,
    status: version % 2 === 0 ? 'open' : 'paid',
    cents: (number * 37) % 100_000,
    items: number % 12,
    region: 'europe-west',
    express: number % 3 === 0,
    version,
    placed: 1_700_000_000_000 + number,
  }
}
