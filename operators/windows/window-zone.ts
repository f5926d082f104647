/** Time zones: what the clocks show at a time, and when they first show it, with the changes of a zone in tables. */
import { EventStoreError } from '../../event/error.ts'

/** A stretch of time in which the clocks of a zone are not changed: from a time up to another, ms, and how far they are ahead of UTC. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
}

const dayMs = 86_400_000
/** The table of a zone has a part for each so many days, made when a time in it is asked for. */
const partMs = 366 * dayMs
/** Above this the table is begun anew: times may come from anywhere. */
const partsMax = 1024
/** No clocks were ever further from UTC. */
const offsetMostMs = 16 * 3_600_000
/** The last moment that a date can name. */
const timeMostMs = 8.64e15

/**
 * The rules are those that Node knows of (Intl, from the time zone database of IANA), asked once for each day: it is taken that clocks are not
 * changed and changed back within one.
 */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat
  readonly #parts = new Map<number, readonly Stretch[]>()
  #last: Stretch = { from: NaN, to: NaN, offsetMs: 0 }

  /** INVALID when there is no such zone. */
  constructor(name: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    } catch {
      throw new EventStoreError('INVALID', `there is no time zone ${JSON.stringify(name)}; write one as Europe/Berlin or UTC`, {
        option: 'timeZone',
      })
    }
  }

  /** The stretch that a time lies in. */
  stretchAt(time: number): Stretch {
    const last = this.#last
    if (time >= last.from && time < last.to) return last
    const parts = this.#partAt(Math.floor(time / partMs))
    let at = parts.length - 1
    while (at > 0 && (parts[at] as Stretch).from > time) at--
    return (this.#last = parts[at] as Stretch)
  }

  /** What the clocks show, as the milliseconds that UTC would have then. */
  localOf(time: number): number {
    return time + this.stretchAt(time).offsetMs
  }

  /** When the clocks first show a time or a later one: where they skip it, the moment of the change. */
  firstShown(local: number): number {
    for (let time = local - offsetMostMs; ;) {
      const { to, offsetMs } = this.stretchAt(time)
      const shown = Math.max(time, local - offsetMs)
      if (shown < to) return shown
      time = to
    }
  }

  #partAt(part: number): readonly Stretch[] {
    let stretches = this.#parts.get(part)
    if (stretches === undefined) {
      if (this.#parts.size >= partsMax) this.#parts.clear()
      this.#parts.set(part, (stretches = this.#stretchesFrom(part * partMs)))
    }
    return stretches
  }

  #stretchesFrom(start: number): readonly Stretch[] {
    const stretches: Stretch[] = []
    let [from, offsetMs] = [start, this.#offsetAt(start)]
    for (let day = start; day < start + partMs; day += dayMs) {
      const next = this.#offsetAt(day + dayMs)
      if (next === offsetMs) continue
      let [before, after] = [day, day + dayMs]
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2)
        if (this.#offsetAt(middle) === offsetMs) before = middle
        else after = middle
      }
      stretches.push({ from, to: after, offsetMs })
      from = after
      offsetMs = next
    }
    return from < start + partMs ? [...stretches, { from, to: start + partMs, offsetMs }] : stretches
  }

  #offsetAt(time: number): number {
    const text = this.#format.format(Math.max(-timeMostMs, Math.min(timeMostMs, time)))
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? []
    const ms = 1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds))
    return sign === '-' ? -ms : ms
  }
}
