/** Names of types as they may be written, ours and those of Postgres. */
import type { ScalarType } from './types.ts'

export const typeNames: ReadonlyMap<string, Exclude<ScalarType, 'any'>> = new Map([
  ...['boolean', 'bool'].map(name => [name, 'boolean'] as const),
  ...['integer', 'int', 'int2', 'int4', 'int8', 'smallint', 'bigint'].map(name => [name, 'integer'] as const),
  ...['number', 'double precision', 'float8', 'float4', 'float', 'real', 'numeric', 'decimal'].map(name => [name, 'number'] as const),
  ...['text', 'varchar', 'character varying'].map(name => [name, 'text'] as const),
  ...['timestamp', 'timestamptz', 'timestamp with time zone', 'timestamp without time zone'].map(name => [name, 'timestamp'] as const),
  ['interval', 'interval'],
  ...['json', 'jsonb'].map(name => [name, 'json'] as const),
])

const reasons: Readonly<Record<string, string>> = {
  date: "; a day is date_trunc('day', x), a timestamp at midnight",
  time: "; the time of day is x - date_trunc('day', x), an interval",
  timetz: '; all times are in UTC',
  char: '; use text',
  character: '; use text',
  bpchar: '; use text',
  string: '; use text',
  bytea: '; bytes can be passed on but not looked into',
  uuid: '; an id is a text',
  money: '; use number',
  double: '; use number or double precision',
  long: '; use integer',
  any: '; say which one is meant',
}

/** What to use instead of a type that is not known here. */
export function reasonAgainst(name: string): string | undefined {
  return Object.hasOwn(reasons, name) ? reasons[name] : undefined
}
