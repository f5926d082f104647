/** How windows that overlap are cut into slices: stretches of time in which no window starts or ends. */

/**
 * Windows and slices by number; both rise with time, and of two windows the one with the higher number ends later. A window is all of the
 * slices from `firstSlice` up to `sliceAfter`, a slice belongs to all of the windows from `firstWindow` to `lastWindow`.
 */
export interface Slicing {
  sliceAt(time: number): number
  sliceStart(slice: number): number
  firstWindow(slice: number): number
  lastWindow(slice: number): number
  windowStart(window: number): number
  windowEnd(window: number): number
  firstSlice(window: number): number
  /** The first slice behind the window. */
  sliceAfter(window: number): number
  /** The first window that ends after the time. */
  windowAfter(time: number): number
}

export interface HopLengths {
  readonly sizeMs: number
  readonly everyMs: number
  readonly offsetMs: number
}

/**
 * Windows of equal length that start at equal distances. Where the length is no multiple of the distance, slices are long and short by turns
 * ("paired windows", Krishnamurthy, Wu and Franklin, 2006): two a distance, where slices of the greatest common divisor could be thousands.
 */
export function hopSlicing({ sizeMs, everyMs, offsetMs }: HopLengths): Slicing {
  const rest = sizeMs % everyMs
  const whole = (sizeMs - rest) / everyMs
  const windows = {
    windowStart: (window: number) => window * everyMs + offsetMs,
    windowEnd: (window: number) => window * everyMs + offsetMs + sizeMs,
    windowAfter: (time: number) => Math.floor((time - offsetMs - sizeMs) / everyMs) + 1,
  }
  const distanceAt = (time: number): number => Math.floor((time - offsetMs) / everyMs)
  if (rest === 0)
    return {
      ...windows,
      sliceAt: distanceAt,
      sliceStart: slice => slice * everyMs + offsetMs,
      firstWindow: slice => slice - whole + 1,
      lastWindow: slice => slice,
      firstSlice: window => window,
      sliceAfter: window => window + whole,
    }
  const isShort = (slice: number): boolean => slice % 2 === 0
  return {
    ...windows,
    sliceAt(time) {
      const distance = distanceAt(time)
      return 2 * distance + (time - offsetMs - distance * everyMs < rest ? 0 : 1)
    },
    sliceStart: slice => Math.floor(slice / 2) * everyMs + offsetMs + (isShort(slice) ? 0 : rest),
    firstWindow: slice => Math.floor(slice / 2) - whole + (isShort(slice) ? 0 : 1),
    lastWindow: slice => Math.floor(slice / 2),
    firstSlice: window => 2 * window,
    sliceAfter: window => 2 * (window + whole) + 1,
  }
}

export interface CumulateLengths {
  readonly sizeMs: number
  readonly stepMs: number
  readonly offsetMs: number
}

/** Windows that share a start and grow by a step until they have their full length. */
export function cumulateSlicing({ sizeMs, stepMs, offsetMs }: CumulateLengths): Slicing {
  const steps = sizeMs / stepMs
  const startOf = (slice: number): number => Math.floor(slice / steps) * steps
  return {
    sliceAt: time => Math.floor((time - offsetMs) / stepMs),
    sliceStart: slice => slice * stepMs + offsetMs,
    firstWindow: slice => slice,
    lastWindow: slice => startOf(slice) + steps - 1,
    windowStart: window => startOf(window) * stepMs + offsetMs,
    windowEnd: window => (window + 1) * stepMs + offsetMs,
    firstSlice: startOf,
    sliceAfter: window => window + 1,
    windowAfter: time => Math.floor((time - offsetMs) / stepMs),
  }
}
