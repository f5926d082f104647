/** What Postgres and we say to the same expressions over the same rows, side by side. */
import { isEventStoreError } from '../../event/error.ts'
import { valueAt } from '../../operators/columns.ts'
import { evaluate, type Expression, expressionOf, interpret } from '../../operators/expressions/expression.ts'
import { jsonText } from '../../operators/expressions/json.ts'
import type { Row } from '../../operators/flow.ts'
import type { StepContext } from '../../operators/operator.ts'
import { aliveRows, pageOf } from '../../operators/page.ts'
import { declaredRow } from '../operators/expressions/arbitrary.ts'
import { constant, type Postgres } from './postgres.ts'

export interface Question {
  readonly text: string
  /** What Postgres is asked instead, where the syntax must differ. */
  readonly theirs?: string
  /** Indexes of the rows it is asked for. */
  readonly rows: readonly number[]
}

/** A value in the form that both sides can be brought to, or that it failed. */
export type Answer = { readonly value: unknown } | { readonly failure: string }

export interface Pair {
  readonly question: Question
  readonly row: Row
  readonly type: string
  readonly ours: Answer
  /** By the compiled form; must be as `ours`. */
  readonly compiled: Answer
  readonly theirs: Answer
}

const columns = 'n1 float8, n2 float8, i1 int8, i2 int8, s1 text, s2 text, b1 boolean, b2 boolean, t1 timestamptz, t2 timestamptz, j1 jsonb'

const setup = `
create table r (id int primary key, ${columns});
create table q (n int, id int, expression text);
create function answer(expression text, id int) returns text language plpgsql as $body$
declare v text;
begin
  execute 'select (' || expression || ')::text from r where id = $1' into v using id;
  return coalesce('=' || v, 'null');
exception when others then
  return '!' || sqlstate || ' ' || sqlerrm;
end $body$;
`

/** As texts of a form that can be read back, by the type we say it has. */
function wrapped(text: string, type: string): string {
  if (type === 'timestamp') return `extract(epoch from (${text})) * 1000`
  if (type.endsWith('[]')) return `to_jsonb(${text})`
  return type === 'number' ? `(${text})::float8` : text
}

function theirValue(answer: string, type: string): Answer {
  if (answer === 'null') return { value: null }
  if (answer.startsWith('!')) return { failure: answer.slice(1) }
  const text = answer.slice(1)
  if (type === 'number' || type === 'integer' || type === 'timestamp') return { value: Number(text) }
  if (type === 'boolean') return { value: text === 'true' }
  return { value: type.endsWith('[]') ? (JSON.parse(text) as unknown) : text }
}

function ourValue(value: unknown, type: string): unknown {
  return value !== null && type === 'json' ? jsonText(value) : value
}

function ourAnswer(expression: Expression, row: Row): Answer {
  try {
    return { value: ourValue(interpret(expression, row), expression.type) }
  } catch (error) {
    return { failure: (error as Error).message }
  }
}

function compiledAnswers(expression: Expression, rows: readonly Row[]): Answer[] {
  const page = pageOf(rows, { order: Float64Array.from(rows, (_, index) => index) })
  const answers = new Array<Answer>(rows.length)
  const dead = (_: unknown, row: number, error: unknown): void => {
    answers[row] = { failure: (error as Error).message }
  }
  const { column, page: fitting } = evaluate(expression)(page, { dead } as unknown as StepContext)
  for (const row of aliveRows(fitting)) answers[row] = { value: ourValue(valueAt(column, row), expression.type) }
  return answers
}

/** Rows as Postgres takes them: timestamps as texts with a zone. */
function asRecord(row: Row, id: number): unknown {
  const time = (value: unknown): unknown => (typeof value === 'number' ? new Date(value).toISOString() : value)
  return { id, ...row, t1: time(row['t1']), t2: time(row['t2']) }
}

function read(text: string): Expression {
  try {
    return expressionOf(text, declaredRow)
  } catch (error) {
    throw new Error(`${text}: ${(error as Error).message}`, { cause: error })
  }
}

/** What Postgres says to expressions, as text: `null`, `fails`, or the value. */
export function theirTexts(postgres: Postgres, texts: readonly string[]): string[] {
  const asked = texts.map((expression, n) => ({ n, id: 0, expression }))
  const lines = postgres.run(
    `${setup}
insert into r values (0);
insert into q select * from jsonb_to_recordset(${constant(asked)}) as x(n int, id int, expression text);
select to_json(answer(expression, id)) from q order by n;
drop table r, q; drop function answer;
`,
  )
  return lines.map(line => {
    const answer = JSON.parse(line) as string
    return answer.startsWith('!') ? 'fails' : answer === 'null' ? answer : answer.slice(1)
  })
}

/** What we say to an expression without columns: its value as JSON, `refused`, or `fails`. */
export function ourText(text: string): string {
  const expression = readable(text)
  if (expression === undefined) return 'refused'
  const answer = ourAnswer(expression, {})
  return 'failure' in answer ? 'fails' : JSON.stringify(answer.value)
}

function readable(text: string): Expression | undefined {
  try {
    return expressionOf(text, declaredRow)
  } catch (error) {
    if (isEventStoreError(error, 'INVALID')) return undefined
    throw error
  }
}

export function answersOf(postgres: Postgres, rows: readonly Row[], questions: readonly Question[]): Pair[] {
  const expressions = questions.map(({ text }) => read(text))
  const asked = questions.flatMap(({ text, theirs, rows: ids }, n) => {
    const expression = wrapped(theirs ?? text, (expressions[n] as Expression).type)
    return ids.map(id => ({ n, id, expression }))
  })
  const lines = postgres.run(
    `${setup}
insert into r select * from jsonb_to_recordset(${constant(rows.map(asRecord))}) as x(id int, ${columns});
insert into q select * from jsonb_to_recordset(${constant(asked)}) as x(n int, id int, expression text);
select json_build_array(n, id, answer(expression, id)) from q order by n, id;
drop table r, q; drop function answer;
`,
  )
  const compiled = expressions.map(expression => compiledAnswers(expression, rows))
  return lines.map(line => {
    const [n, id, answer] = JSON.parse(line) as [number, number, string]
    const expression = expressions[n] as Expression
    const row = rows[id] as Row
    return {
      question: questions[n] as Question,
      row,
      type: expression.type,
      ours: ourAnswer(expression, row),
      compiled: compiled[n]?.[id] as Answer,
      theirs: theirValue(answer, expression.type),
    }
  })
}
