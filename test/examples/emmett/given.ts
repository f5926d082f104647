/** What the sentences about Emmett's event store begin with: evenings with bookings. */
import type { EveningEvent } from '../../../examples/emmett/evening.ts'
import type { AllsourceEventStore } from '../../../examples/emmett/emmett-event-store.ts'

/** What a sentence is given: an open store, and the name of a stream that nobody used before. */
export interface Given {
  readonly store: AllsourceEventStore
  readonly stream: string
}

export type Sentences = Readonly<Record<string, (given: Given) => Promise<void>>>

export const opened = (seats = 10): EveningEvent => ({ type: 'EveningOpened', data: { evening: 'jazz', seats } })
export const booked = (guest: string, seats = 2): EveningEvent => ({ type: 'SeatsBooked', data: { evening: 'jazz', guest, seats } })
export const cancelled = (guest: string, seats = 2): EveningEvent => ({ type: 'BookingCancelled', data: { evening: 'jazz', guest, seats } })
