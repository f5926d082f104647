/** Seats of an evening, decided the way Emmett asks for: a state, `evolve` and `decide`, pure functions that know no store. */
import { type Command, type Decider, type Event, IllegalStateError, ValidationError } from '@event-driven-io/emmett'

export type EveningEvent =
  | Event<'EveningOpened', { evening: string; seats: number }>
  | Event<'SeatsBooked', { evening: string; guest: string; seats: number }>
  | Event<'BookingCancelled', { evening: string; guest: string; seats: number }>

export type EveningCommand =
  | Command<'OpenEvening', { evening: string; seats: number }>
  | Command<'BookSeats', { evening: string; guest: string; seats: number }>
  | Command<'CancelBooking', { evening: string; guest: string }>

export interface Evening {
  readonly isOpen: boolean
  readonly free: number
  /** Seats by guest. */
  readonly booked: Readonly<Record<string, number>>
}

export const initialState = (): Evening => ({ isOpen: false, free: 0, booked: {} })

export function evolve(evening: Evening, { type, data }: EveningEvent): Evening {
  if (type === 'EveningOpened') return { isOpen: true, free: data.seats, booked: {} }
  const { guest } = data
  const { [guest]: had = 0, ...others } = evening.booked
  if (type === 'BookingCancelled') return { ...evening, free: evening.free + data.seats, booked: others }
  return { ...evening, free: evening.free - data.seats, booked: { ...others, [guest]: had + data.seats } }
}

export function decide({ type, data }: EveningCommand, { isOpen, free, booked }: Evening): EveningEvent[] {
  if (type === 'OpenEvening') {
    if (isOpen) throw new IllegalStateError(`${data.evening} is open already`)
    return [{ type: 'EveningOpened', data }]
  }
  if (!isOpen) throw new IllegalStateError(`${data.evening} is not open`)
  if (type === 'CancelBooking') {
    const seats = booked[data.guest]
    // To cancel twice is no mistake, and nothing happens.
    return seats === undefined ? [] : [{ type: 'BookingCancelled', data: { ...data, seats } }]
  }
  if (!Number.isInteger(data.seats) || data.seats < 1) throw new ValidationError(`${data.seats} seats can not be booked`)
  if (data.seats > free) throw new IllegalStateError(`${data.seats} seats are wanted, ${free} are free`)
  return [{ type: 'SeatsBooked', data }]
}

export const decider: Decider<Evening, EveningCommand, EveningEvent> = { decide, evolve, initialState }
