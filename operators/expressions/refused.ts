/** Functions of Postgres that are not here, with the reason and what to use. */

const always = 'an expression gives the same for the same row, whenever it is run'

const clocks =
  'now clock_timestamp statement_timestamp transaction_timestamp timeofday current_date current_time current_timestamp localtime localtimestamp'
const chances = 'random setseed gen_random_uuid uuid_generate_v4'
const aggregates =
  'count sum avg min max string_agg array_agg json_agg jsonb_agg bool_and bool_or row_number rank lag lead first_value last_value'

/** The same sentence for all names of a list. */
function each(names: string, sentence: (name: string) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map(name => [name, sentence(name)]))
}

const instead: Readonly<Record<string, string>> = {
  min: 'least(a, b) is the lesser of values; ',
  max: 'greatest(a, b) is the greater of values; ',
}

const reasons: Readonly<Record<string, string>> = {
  ...each(clocks, name => `there is no ${name}: ${always}; use $recorded (when the event was stored) or $time (its own time)`),
  ...each(chances, name => `there is no ${name}: ${always}; take what differs from the row, as md5($id)`),
  ...each(
    aggregates,
    name => `${name} looks at many rows, but an expression sees one; ${instead[name] ?? ''}use an aggregate of tumble, count or topN`,
  ),
  ...each('hour minute second day month quarter year week dow doy', name => `there is no ${name}; write extract(${name} from x)`),
  ...each('dayofweek weekday', name => `there is no ${name}; write extract(isodow from x), where Monday is 1`),
  date: "there is no date; a text becomes a time with x::timestamp, and date_trunc('day', x) is the start of its day",
  datediff: 'there is no datediff; write extract(epoch from a - b) for the seconds between two times',
  ...each('dateadd date_add', name => `there is no ${name}; write x + interval '1 day'`),
  split: "there is no split; split_part(x, ',', 1) is one part, string_to_array(x, ',') all of them",
  ...each('str string tostring to_string', name => `there is no ${name}; cast with ::text`),
  ...each('int parseint tointeger', name => `there is no ${name}; cast with ::integer`),
  ...each('float parsefloat tonumber', name => `there is no ${name}; cast with ::number`),
  to_number: 'there is no to_number; cast with ::number',
  to_date: 'there is no to_date; cast with ::timestamp',
  if: 'there is no if; write case when a then b else c end',
  ...each('iif iff', name => `there is no ${name}; write case when a then b else c end`),
  ifnull: 'there is no ifnull; use coalesce(a, b)',
  isnull: 'there is no isnull(…); write x is null',
  nvl: 'there is no nvl; use coalesce(a, b)',
  len: 'there is no len; use length(x)',
  format: 'there is no format; join texts with || or concat(…)',
  unnest: 'unnest makes rows; use the operator unnest',
  regexp_matches: 'regexp_matches makes rows; use regexp_match',
  regexp_split_to_table: 'regexp_split_to_table makes rows; use the operator unnest',
  jsonb_array_elements: 'jsonb_array_elements makes rows; use the operator unnest',
  generate_series: 'generate_series makes rows, but an expression gives one value',
  contains: "there is no contains; use strpos(x, part) > 0 or x like '%part%'",
  convert: 'there is no convert; write cast(x as number)',
}

/** Columns that are meant to be one of these functions. */
export function reasonAgainstFunction(name: string): string | undefined {
  return Object.hasOwn(reasons, name) ? reasons[name] : undefined
}
