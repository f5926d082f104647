/** What we answer otherwise than Postgres, on purpose: each row is asked on both sides, and stands in the table of docs/expressions.md. */

export interface Difference {
  readonly expression: string
  /** As JSON; `refused` before it runs, `fails` for the row. */
  readonly here: string
  /** As text; `fails`, whenever it notices. */
  readonly there: string
}

export const differences: readonly Difference[] = [
  { expression: '0.1 + 0.2', here: '0.30000000000000004', there: '0.3' },
  { expression: 'round(2.5)', here: '2', there: '3' },
  { expression: '0.1::real = 0.1::float8', here: 'true', there: 'false' },
  { expression: '2147483647 + 1', here: '2147483648', there: 'fails' },
  { expression: '9007199254740991 + 1', here: 'fails', there: '9007199254740992' },
  { expression: "'infinity'::float8", here: 'refused', there: 'Infinity' },
  { expression: '1e-300::float8 * 1e-300::float8', here: '0', there: 'fails' },
  { expression: '5.5::float8 % 2', here: '1.5', there: 'fails' },
  { expression: '1 = null', here: 'refused', there: 'null' },
  { expression: "case when s1 || 'x' = '' then 1 / 0 end", here: 'null', there: 'fails' },
  { expression: "upper('é')", here: '"É"', there: 'é' },
  { expression: 'concat(true)', here: '"true"', there: 't' },
  { expression: 'array[true]::text', here: '"{true}"', there: '{t}' },
  { expression: "('{\"a\": null}'::jsonb -> 'a') is null", here: 'true', there: 'false' },
  { expression: "'5'::jsonb -> 0", here: 'null', there: '5' },
  { expression: "'[1]'::jsonb < '[2]'::jsonb", here: 'refused', there: 'true' },
  { expression: "timestamp '2024-01-01 00:00+02' = timestamp '2023-12-31 22:00'", here: 'true', there: 'false' },
  { expression: "extract(microseconds from timestamp '2024-01-01 00:00:00.123456')", here: '123000', there: '123456' },
  { expression: "timestamp '10000-01-01'", here: 'refused', there: '10000-01-01 00:00:00' },
  { expression: "timestamp 'January 5, 2024'", here: 'refused', there: '2024-01-05 00:00:00' },
  { expression: "(interval '5')::text", here: 'refused', there: '00:00:05' },
  { expression: "(interval '3000000 hours')::text", here: 'refused', there: '3000000:00:00' },
  { expression: "'abc' like 'x\\'", here: 'refused', there: 'false' },
  { expression: "substring('abc' from 'b.*?')", here: 'refused', there: 'b' },
  { expression: "'ab' ~ '(a)\\1'", here: 'refused', there: 'false' },
  { expression: "'ab' ~ 'a(?=b)'", here: 'refused', there: 'true' },
  { expression: "'ab' ~ '\\mab'", here: 'refused', there: 'true' },
  { expression: "'ab' ~ left('abc', 2)", here: 'refused', there: 'true' },
  { expression: 'array[[1, 2], [3, 4]]', here: 'refused', there: '{{1,2},{3,4}}' },
  { expression: '(array[1, 2, 3])[1:2]', here: 'refused', there: '{1,2}' },
  { expression: "'abc'::varchar(2)", here: 'refused', there: 'ab' },
]
