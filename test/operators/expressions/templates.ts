/** Templates of expressions by type; most of them are Postgres too, so that both can be asked. */
import type { RowType, ValueType } from '../../../operators/expressions/types.ts'

/**
 * What stands in a template for an expression of a type: `{n}` number, `{i}` integer, `{s}` text, `{b}` boolean, `{t}` timestamp,
 * `{v}` interval, `{j}` json, `{x}` text[], `{y}` integer[], `{a}` a value that nobody declared.
 */
export type Letter = 'n' | 'i' | 's' | 'b' | 't' | 'v' | 'j' | 'x' | 'y' | 'a'

export const letterTypes: Readonly<Record<Exclude<Letter, 'v'>, ValueType>> = {
  n: 'number',
  i: 'integer',
  s: 'text',
  b: 'boolean',
  t: 'timestamp',
  j: 'json',
  x: 'text[]',
  y: 'integer[]',
  a: 'any',
}

export type Templates = Readonly<Record<Letter, readonly string[]>>

/** Columns of the declared types, two of each. */
export const declaredRow: RowType = {
  fields: {
    n1: 'number',
    n2: 'number',
    i1: 'integer',
    i2: 'integer',
    s1: 'text',
    s2: 'text',
    b1: 'boolean',
    b2: 'boolean',
    t1: 'timestamp',
    t2: 'timestamp',
    j1: 'json',
  },
  isOpen: true,
  key: [],
  isTimed: false,
}

/** Where every template ends. Constants are not among them: Postgres computes what it can before it looks which branch is taken. */
export const leaves: Templates = {
  n: ['n1', 'n2', 'i1::float8'],
  i: ['i1', 'i2', 'length(s1)'],
  s: ['s1', 's2', 's1', 'n1::text', 'i1::text'],
  b: ['b1', 'b2', '(n1 is null)', '(s1 = s2)'],
  t: ['t1', 't2'],
  v: ["interval '1 day'", "interval '1 month 2 days 03:04:05'", "interval '-90 minutes'", '(t1 - t2)'],
  j: ['j1', "(j1->'a')"],
  x: ["array[s1, 'b']", '\'{a,b,"c d",null}\'::text[]'],
  y: ['array[i1, 2, i2]', "'{1,2,3}'::int8[]"],
  a: ['a1', 'a2', 'o.a', 'o.b.c', 'o.list[0]'],
}

const branchesOf = (letter: Letter): string[] => [
  `coalesce({${letter}}, {${letter}})`,
  `case when {b} then {${letter}} when {b} then {${letter}} else {${letter}} end`,
  `case {i} when {i} then {${letter}} else {${letter}} end`,
  `nullif({${letter}}, {${letter}})`,
]

const numeric = (letter: Letter): string[] => [
  `({${letter}} + {${letter}})`,
  `({${letter}} - {${letter}})`,
  `({${letter}} * {${letter}})`,
  `({${letter}} / {${letter}})`,
  `(- {${letter}})`,
  `abs({${letter}})`,
  `greatest({${letter}}, {${letter}}, {${letter}})`,
  `least({${letter}}, {${letter}})`,
]

const compared = (letter: Letter): string[] => ['=', '<>', '<', '<=', '>', '>='].map(sign => `({${letter}} ${sign} {${letter}})`)

const alike = (letter: Letter): string[] => [
  `({${letter}} is null)`,
  `({${letter}} is not distinct from {${letter}})`,
  `({${letter}} is distinct from {${letter}})`,
  `({${letter}} in ({${letter}}, {${letter}}))`,
  `({${letter}} not in ({${letter}}, null))`,
]

/** Templates of a text, three blanks or a line apart. */
function listed(text: string): string[] {
  return text.trim().split(/\s{3,}/)
}

/** What Postgres answers too. */
export const templates: Templates = {
  n: [
    ...numeric('n'),
    ...branchesOf('n'),
    ...listed(`
    ceil({n})   floor({n})   round({n})   trunc({n})   sign({n})   sqrt({n})   ({n} ^ {n})   {i}::float8   ({n} + {i})
    extract(epoch from {v})::float8   extract(year from {t})::float8   extract(dow from {t})::float8   extract(second from {t})::float8
    extract(week from {t})::float8   {s}::float8
  `),
  ],
  i: [
    ...numeric('i'),
    ...branchesOf('i'),
    ...listed(`
    ({i} % {i})   mod({i}, {i})   {n}::int8   length({s})   octet_length({s})   strpos({s}, {s})   ascii({s})   cardinality({x})
    array_length({y}, 1)   array_position({y}, {i})   ({y})[{i}]   {b}::int4::int8   {s}::int8   jsonb_array_length({j})
  `),
  ],
  s: [
    ...branchesOf('s'),
    ...listed(`
    ({s} || {s})   upper({s})   lower({s})   initcap({s})   reverse({s})   left({s}, {i}::int4)   right({s}, {i}::int4)
    substring({s} from {i}::int4)   substring({s}, {i}::int4, abs({i})::int4)   lpad({s}, least({i}, 20)::int4, {s})
    rpad({s}, least({i}, 20)::int4)   btrim({s}, {s})   ltrim({s}, 'a ')   rtrim({s})   replace({s}, {s}, {s})   translate({s}, {s}, {s})
    split_part({s}, {s}, {i}::int4)   concat({s}, {i}, {n})   concat_ws(',', {s}, {s})   repeat({s}, least({i}, 3)::int4)   {n}::text
    {i}::text   {b}::text   {v}::text   ({j} ->> 'a')   (jsonb_build_array({i}, {s}) ->> 0)   ({j} #>> '{a,b}')   {j}::text
    array_to_string({x}, {s})   array_to_string({y}, ',', '-')   md5({s})   ({x})[{i}]   jsonb_typeof({j})
    regexp_replace({s}, '[a-c]+', '<\\&>', 'g')   substring({s} from 'a*b')   greatest({s}, {s})   least({s}, {s})   ({s} || {i})   {x}::text
    {y}::text   to_char({t}, 'YYYY-MM-DD HH24:MI:SS.MS IYYY-IW-ID DDD Q')
  `),
  ],
  b: [
    ...compared('n'),
    ...compared('i'),
    ...compared('s'),
    ...compared('t'),
    ...compared('b'),
    ...compared('v'),
    ...alike('n'),
    ...alike('i'),
    ...alike('s'),
    ...alike('t'),
    ...alike('b'),
    ...branchesOf('b').slice(0, 3),
    ...listed(`
    ({b} and {b})   ({b} or {b})   ({b} and {b} and {b})   ({b} or {b} or {b})   (not {b})   ({b} is true)   ({b} is not true)   ({b} is false)
    ({b} is unknown)   ({b} is not unknown)   ({n} < {i})   ({n} between {n} and {n})   ({i} not between symmetric {i} and {i})
    ({s} between {s} and {s})   ({s} like {s} || '%')   ({s} like '%b_')   ({s} ilike 'A%')   ({s} not like 'a_%b' escape '_')
    ({s} ~ '^a[bc]*$')   ({s} !~ 'b|cc')   ({s} ~* 'AB?')   starts_with({s}, {s})   ({i} = any({y}))   ({i} <> all({y}))   ({i} < any({y}))
    ({i} >= all({y}))   ({s} = any({x}))   ({s} like any({x}))   ({y} @> {y})   ({x} <@ {x})   ({x} = {x})   ({y} < {y})   ({j} ? 'a')
    ({j} ?| array['a', 'zz'])   ({j} ?& array['a', 'b'])   ({j} = {j})   ({j} <> {j})   ({j} @> {j})   ({i} <> 0)::boolean   {s}::boolean
  `),
  ],
  t: [
    ...branchesOf('t'),
    ...listed(`
    ({t} + {v})   ({t} - {v})   greatest({t}, {t})   date_trunc('month', {t})   date_trunc('week', {t})   date_trunc('quarter', {t})
    date_trunc('hour', {t})   date_bin(interval '15 minutes', {t}, {t})   to_timestamp({i})
  `),
  ],
  v: listed(`
    ({v} + {v})   ({v} - {v})   ({v} * {n})   ({v} / {n})   (- {v})   ({t} - {t})   date_trunc('day', {v})   case when {b} then {v} else {v} end
    coalesce({v}, {v})   justify_interval({v})   justify_hours({v})   age({t}, {t})   make_interval(0, {i}::int4)
  `),
  j: listed(`
    ({j} -> 'a')   ({j} -> 'b')   ({j} #> '{a,0}')   ({j} || {j})   coalesce({j}, {j})   case when {b} then {j} else {j} end   ({j})['a']
    to_jsonb({s})   to_jsonb({b})   jsonb_build_object('a', coalesce({s}, ''), 'b', coalesce({j}, '1'))
    jsonb_build_array({n} is null, coalesce({s}, ''), coalesce({i}, 0))   jsonb_strip_nulls({j})   to_jsonb({y})
  `),
  x: listed(`
    ({x} || {x})   ({x} || {s})   ({s} || {x})   array_append({x}, {s})   array_remove({x}, {s})   array_replace({x}, {s}, {s})
    string_to_array({s}, {s})   string_to_array({s}, ',', 'a')   coalesce({x}, {x})   array[{s}, {s}]   {y}::text[]
    regexp_match({s}, '(a+)(b?)')   regexp_match({s}, 'b.')
  `),
  y: listed(`
    ({y} || {y})   ({y} || {i})   array_prepend({i}, {y})   array_remove({y}, {i})   array[{i}, {i}]   case when {b} then {y} else {y} end
  `),
  a: [],
}

/** What only we have: columns that nobody declared, and ways into them. */
export const ourTemplates: Templates = {
  n: listed(`
    ({a} + {n})   ({a} * {a})   {a}::number   abs({a})   {t}::number   coalesce({a}, {n})   round({n}, 2)   7   (-0.5)   1e300   0
  `),
  i: listed(`
    {a}::integer   cardinality({a})   strpos({a}, {s})   2   9007199254740991
  `),
  s: listed(`
    ({s} || {a})   upper({a})   {a}::text   left({a}, {i})   'abc'   ''   concat({a}, {t}, {j})
  `),
  b: listed(`
    ({a} = {a})   ({a} <> {a})   ({a} < {a})   ({a} > {n})   ({a} = {s})   ({a} = 'a')   ({a} <= {t})   ({a} and {b})   {a}::boolean
    ({a} is null)   ({a} is distinct from {a})   ({a} in ({a}, 1, {n}))   ({a} = any({a}))   ({a} ~ '^a')   true
    ({s} in ('a', 'b', 'ab', 'abc', ' ', null))   (case {a} when 'a' then {b} else {b} end)
  `),
  t: listed(`
    {a}::timestamp   {n}::timestamp   timestamp '2024-02-29 12:00'
  `),
  v: listed(`
    ({n} * interval '1 second')
  `),
  j: listed(`
    {a}::json   {t}::json
  `),
  x: listed(`
    {a}::text[]
  `),
  y: listed(`
    {a}::integer[]
  `),
  a: listed(`
    ({a}).a   ({a})['b']   ({a})[0]   coalesce({a}, {a})   case when {b} then {a} else {a} end   greatest({a}, {a})   nullif({a}, {a})
  `),
}
