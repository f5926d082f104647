/** Random options for joins; many of them are refused, since the two sides have not the columns, and tried again. */
import type { Chance } from './random-logs.ts'

type Options = Readonly<Record<string, unknown>>

/** What all joins share; `kinds` are those that one has. */
function join(chance: Chance, kinds: readonly string[] = ['inner', 'inner', 'left', 'right', 'full', 'semi', 'anti']): Options {
  const kind = chance.oneOf(kinds)
  const match = chance.oneOf<unknown>([['key'], ['key'], ['small'], ['key', 'flag'], { key: 'extra' }, { item: 'message' }])
  const take = chance.oneOf<unknown>([['n', 'at'], ['message', 'tags'], { theirs: 'n', other: 'item' }])
  return { match, kind, ...(kind !== 'semi' && kind !== 'anti' && { take, prefix: 'their_' }) }
}

function tableJoin(chance: Chance): Options {
  const ttl = { ttl: chance.oneOf([10, 100, 500]) }
  if (chance.is(0.5)) return { ...join(chance, ['inner', 'left', 'semi', 'anti']), ...(chance.is(0.3) && ttl) }
  return { ...join(chance), keep: 'both', ...(chance.is(0.5) ? ttl : { state: 'unbounded' }) }
}

/** By operator. */
export const joinOptionsOf: Readonly<Record<string, (chance: Chance) => Options>> = {
  joinWindow: chance => ({ ...join(chance), size: chance.oneOf([50, 200]), ...(chance.is(0.4) && { every: chance.oneOf([20, 50]) }) }),
  joinInterval: chance => ({
    ...join(chance),
    before: chance.oneOf([0, 30, 100]),
    ...(chance.is(0.7) ? { after: chance.oneOf([0, 50, 150]) } : { until: chance.oneOf(['came', 'at', 'n']) }),
  }),
  joinTemporal: chance => ({ ...join(chance, ['inner', 'left', 'semi', 'anti']), ...(chance.is(0.3) && { ttl: chance.oneOf([50, 300]) }) }),
  joinTable: tableJoin,
}
