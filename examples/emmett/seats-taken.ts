/** What the bookings of an evening come to, one row at a time: the function that the topology folds with. */

export interface SeatsTaken {
  readonly bookings: number
  readonly seats: number
}

export function tally({ bookings, seats }: SeatsTaken, row: { readonly change: 1 | -1; readonly seats: number }): SeatsTaken {
  return { bookings: bookings + row.change, seats: seats + row.change * row.seats }
}
