/** Whether a topology goes by the clock, and where that is written down. */
import { operators } from '../operators/index.ts'
import type { Plan } from './plan.ts'

/** Between two ticks of a topology that does not say, ms. */
export const tickMsDefault = 1000

/** Where the ticks of a topology are. */
export function tickStream(topology: string): string {
  return `$ticks-${topology}`
}

/** Whether anything in a plan ever waits for a tick. */
export function usesClock({ steps }: Pick<Plan, 'steps'>): boolean {
  return steps.some(({ operator, options }) => operators[operator]?.usesClock?.(options as never) === true)
}
