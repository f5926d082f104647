/** The windows of kill-topology.yaml in plain loops: for each row, what leaves before it and what it changes. */

export interface Sale {
  readonly lane: number
  readonly request: number
  readonly index: number
  readonly group: number
  readonly kind: string
  readonly paid: number
}

export interface Result {
  readonly key: string | number
  readonly start: number
  readonly end: number
  readonly orders: number
  readonly paid: number
  readonly last: number
  readonly most: number
}

interface Open extends Result {
  readonly isFired: boolean
}

/** Sums up one row more. */
function grown(open: Open, { paid, request }: Sale): Open {
  return { ...open, orders: open.orders + 1, paid: open.paid + paid, last: request, most: Math.max(open.most, request) }
}

const fresh = (key: string | number, start: number, end: number): Open => ({
  key,
  start,
  end,
  orders: 0,
  paid: 0,
  last: 0,
  most: -Infinity,
  isFired: false,
})

const byEndAndKey = (a: Open, b: Open): number => a.end - b.end || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** When the first of them leaves or is forgotten; before that there is nothing to look for. */
const nextOf = (open: Iterable<Open>, lateMs: number): number => {
  let next = Infinity
  for (const { isFired, end } of open) next = Math.min(next, isFired ? end + lateMs : end)
  return next
}

/** Windows of `sizeMs` that start each `everyMs`; one of length and step alike tumbles. */
export class Spans {
  readonly results: Result[] = []
  readonly late: Sale[] = []
  readonly #open = new Map<string, Open>()
  #next = Infinity
  readonly #sizeMs: number
  readonly #everyMs: number
  readonly #lateMs: number

  constructor(sizeMs: number, everyMs: number, lateMs: number) {
    this.#sizeMs = sizeMs
    this.#everyMs = everyMs
    this.#lateMs = lateMs
  }

  take(key: string | number, sale: Sale, { time, stamp }: { time: number; stamp: number }): void {
    this.advance(stamp)
    let isLate = true
    const newest = Math.floor(time / this.#everyMs) * this.#everyMs
    const starts: number[] = []
    for (let start = newest; start > time - this.#sizeMs; start -= this.#everyMs) starts.unshift(start)
    for (const start of starts) {
      const end = start + this.#sizeMs
      if (stamp >= end + this.#lateMs) continue
      isLate = false
      const before = this.#open.get(`${key}/${start}`)
      const isFired = before?.isFired ?? stamp >= end
      const now = { ...grown(before ?? fresh(key, start, end), sale), isFired }
      this.#open.set(`${key}/${start}`, now)
      this.#next = Math.min(this.#next, nextOf([now], this.#lateMs))
      if (isFired) this.results.push(now)
    }
    if (isLate) this.late.push(sale)
  }

  /** What ended by then leaves, by end and key. */
  advance(until: number): void {
    if (until < this.#next) return
    const due = [...this.#open.values()].filter(({ isFired, end }) => !isFired && end <= until).sort(byEndAndKey)
    this.results.push(...due)
    for (const [name, open] of this.#open) {
      if (open.end + this.#lateMs <= until) this.#open.delete(name)
      else if (open.end <= until) this.#open.set(name, { ...open, isFired: true })
    }
    this.#next = nextOf(this.#open.values(), this.#lateMs)
  }
}

/** Sessions of a lane. */
export class Visits {
  readonly results: Result[] = []
  readonly late: Sale[] = []
  /** Of each lane. */
  readonly #open = new Map<number, Open[]>()
  #next = Infinity
  readonly #gapMs: number
  readonly #lateMs: number

  constructor(gapMs: number, lateMs: number) {
    this.#gapMs = gapMs
    this.#lateMs = lateMs
  }

  /** `end` of a session is its last row and the gap. */
  take(key: number, sale: Sale, { time, stamp }: { time: number; stamp: number }): void {
    this.advance(stamp)
    const gap = this.#gapMs
    const all = this.#open.get(key) ?? []
    const met = all.filter(open => open.start - gap <= time && time <= open.end && stamp <= open.end + this.#lateMs)
    if (met.length === 0 && stamp > time + gap + this.#lateMs) {
      this.late.push(sale)
      return
    }
    let now = fresh(key, time, time + gap)
    for (const open of met) {
      const { orders, paid, start, end } = open
      now = { ...now, orders: now.orders + orders, paid: now.paid + paid, start: Math.min(now.start, start), end: Math.max(now.end, end) }
    }
    const isFired = met.some(open => open.isFired) || now.end < stamp
    now = { ...grown(now, sale), isFired }
    this.#open.set(key, [...all.filter(open => !met.includes(open)), now])
    this.#next = Math.min(this.#next, nextOf([now], this.#lateMs))
    if (isFired) this.results.push(now)
  }

  /** What ended before then leaves, by end and key. */
  advance(until: number): void {
    if (until <= this.#next) return
    const all = [...this.#open.values()].flat()
    this.results.push(...all.filter(({ isFired, end }) => !isFired && end < until).sort(byEndAndKey))
    this.#open.clear()
    for (const open of all) {
      if (open.end + this.#lateMs < until) continue
      const key = Number(open.key)
      this.#open.set(key, [...(this.#open.get(key) ?? []), open.end < until ? { ...open, isFired: true } : open])
    }
    this.#next = nextOf([...this.#open.values()].flat(), this.#lateMs)
  }
}
