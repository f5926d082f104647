/** Random options for windows, beside their keys and what they compute. */
import type { Chance } from './random-logs.ts'

type Options = Readonly<Record<string, unknown>>

export function refiring(chance: Chance): Options {
  return {
    ...(chance.is(0.35) && { allowedLateness: chance.oneOf([10, 100, 300]) }),
    ...(chance.is(0.3) && { emit: chance.oneOf(['onUpdate', 'onClose', { every: 20 }]) }),
  }
}

export function tumble(chance: Chance): Options {
  return {
    size: chance.oneOf([20, 50, 100, 100, 400]),
    ...(chance.is(0.1) && { timeZone: 'Asia/Kolkata', size: chance.oneOf([50, '1 day']) }),
    ...(chance.is(0.2) && { offset: 30 }),
  }
}

export function globalWindow(chance: Chance): Options {
  return {
    trigger: chance.oneOf(['everyRow', { count: 3 }, { every: 30 }, { when: 'n > 2' }]),
    ...(chance.is(0.4) && { purge: true }),
    ...(chance.is(0.4) && { evict: chance.oneOf([{ rows: 2 }, { range: 50 }]) }),
  }
}

export function over(chance: Chance): Options {
  return chance.oneOf([{ rows: 2 }, { range: 50 }, {}, { rows: 1, order: 'arrival' }])
}
