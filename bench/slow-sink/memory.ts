/** Memory of this process while work goes on: its peak, and how much it grew after the first quarter of the time. */
import { rssMiB } from '../machine.ts'

export interface MemorySeen {
  readonly peakRssMiB: number
  /** From a quarter of the run to its end; below zero when it shrank. */
  readonly rssGrowthMiB: number
}

const lookMs = 100

/** Looks until the answer is called. */
export function watchMemory(): () => MemorySeen {
  const looks = [rssMiB()]
  const timer = setInterval(() => void looks.push(rssMiB()), lookMs)
  return () => {
    clearInterval(timer)
    looks.push(rssMiB())
    return { peakRssMiB: Math.max(...looks), rssGrowthMiB: looks.at(-1)! - looks[Math.floor(looks.length / 4)]! }
  }
}
