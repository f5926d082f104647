/** `validate`: gives up the rows that do not fit a JSON Schema or a condition. */
import { readFile } from 'node:fs/promises'
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { EventStoreError } from '../event/error.ts'
import { columnsRead } from './expressions/expression.ts'
import type { Page } from './flow.ts'
import { onPage } from './lift.ts'
import { templateOf } from './names.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'
import { isRow } from './rows/answers.ts'
import { conditionOf, conditionReads, split, type Condition } from './rows/condition.ts'
import { reasonOf } from './rows/reason.ts'
import { wholeRowReader } from './rows/whole-row.ts'

export interface ValidateOptions {
  /** A JSON Schema, or the file or URL of one. */
  readonly schema?: string | boolean | Readonly<Record<string, unknown>>
  readonly where?: string
  readonly reason?: string
}

export const validate: Operator<ValidateOptions> = {
  spec: {
    name: 'validate',
    kind: 'stateless',
    summary: 'Gives up the rows that do not fit a JSON Schema or a condition.',
    description:
      'The schema is of draft 2020-12, as an object or the path or URL of a file beside the module of the topology; keywords that it does not know ' +
      'are refused, other files are not read, and `format` is only a remark. It sees the data of the row, without the envelope; a field that ' +
      'is null is missing. The dead letter says what is wrong and where, as in `/items/0/price must be number`. `where` must be true ' +
      'besides; null is not. Rows that fit go on as they are.',
    shorthand: 'schema',
    options: {
      schema: { type: 'json', summary: 'JSON Schema, or the path or URL of its file.' },
      where: { type: 'condition', summary: 'An expression that must be true, or a function as `module#export`.', sample: 'price > 0' },
      reason: { type: 'template', summary: 'Why a row is given up, with columns in braces.', sample: 'order {order} is wrong' },
    },
    ports: { main: 'The rows that fit.' },
  },
  example: {
    title: 'Orders with a price',
    options: {
      schema: {
        type: 'object',
        required: ['order', 'price'],
        properties: { order: { type: 'integer' }, price: { type: 'number', exclusiveMinimum: 0 } },
      },
    },
    input: [{ order: 7, price: 2.5 }, { order: 8, price: '2.50' }, { order: 9 }, { order: 10, price: 1 }],
    output: {
      ports: {
        main: [
          { order: 7, price: 2.5 },
          { order: 10, price: 1 },
        ],
      },
      dead: [1, 2],
    },
  },
  needs({ schema, where, reason }, wanted, functionOf) {
    const read = where === undefined ? [] : conditionReads(where, functionOf)
    const said = reason === undefined ? [] : templateOf(reason).fields
    return new Set([...wanted('main'), ...(schema === undefined ? [] : ['*']), ...read, ...said])
  },
  types(options) {
    checked(options)
    return {}
  },
  async create(options, context) {
    const { schema, where, reason } = checked(options)
    const fits = schema === undefined ? undefined : bySchema(await compiled(schema, context), { reason, context })
    const holds =
      where === undefined
        ? undefined
        : byCondition(await conditionOf(where, context), { reason: reason ?? `not true: ${escaped(where)}`, context })
    return onPage((page, emit) => {
      const fitting = fits === undefined ? page : fits(page)
      emit(holds === undefined ? fitting : holds(fitting))
    })
  },
}

function checked(options: ValidateOptions): ValidateOptions {
  const { schema, where } = options
  if (schema === undefined && where === undefined) throw new EventStoreError('INVALID', 'it needs the option schema, or where, or both')
  if (typeof schema === 'string' && isCondition(schema))
    throw new EventStoreError('INVALID', `a condition stands under where: validate: { where: ${schema} }`, { option: 'schema' })
  const isSchema = ['undefined', 'string', 'boolean'].includes(typeof schema) || (typeof schema === 'object' && isRow(schema))
  if (isSchema) return options
  throw new EventStoreError('INVALID', 'option schema must be a JSON Schema, or the path or URL of its file', { option: 'schema' })
}

/** No path or URL of a file, which may hold blanks as well, and no schema as a text. */
function isCondition(text: string): boolean {
  if (!/\s|[<>=]/.test(text) || /^(?:[a-z]+:|[.{/])|[.](?:json|ya?ml|schema)$/i.test(text)) return false
  try {
    return columnsRead(text).length > 0
  } catch {
    return false
  }
}

/** A text for a template, that stands for itself. */
function escaped(text: string): string {
  return text.replaceAll('{', '{{').replaceAll('}', '}}')
}

async function compiled(schema: Required<ValidateOptions>['schema'], { module, step }: StepContext): Promise<ValidateFunction> {
  const name = typeof schema === 'string' ? schema : `of ${step}`
  const invalid = (why: string): EventStoreError =>
    new EventStoreError('INVALID', `the schema ${name} ${why}`, { schema: name, option: 'schema' })
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  try {
    const plain: unknown = typeof schema === 'string' ? JSON.parse(await textOfFile(new URL(schema, module))) : schema
    if (typeof plain !== 'boolean' && (typeof plain !== 'object' || plain === null))
      throw new TypeError('a schema is an object or a boolean')
    refuseSpecialNames(plain)
    const ajv = new Ajv2020({
      logger: false,
      ownProperties: true,
      strictSchema: true,
      strictNumbers: true,
      strictTypes: false,
      strictTuples: false,
      validateFormats: false,
    })
    const proof = ajv.compile(plain)
    if ('$async' in proof) throw new TypeError('it must not be $async')
    return proof
  } catch (error) {
    throw invalid(`can not be used: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A proof of such a field would look at what every object inherits. */
function refuseSpecialNames(schema: unknown): void {
  JSON.stringify(schema, (name, value: unknown) => {
    if (name === '__proto__') throw new TypeError('it must not name __proto__')
    return value
  })
}

async function textOfFile(url: URL): Promise<string> {
  if (url.protocol === 'file:') return readFile(url, 'utf8')
  if (!['https:', 'http:', 'data:'].includes(url.protocol)) throw new Error(`it can not be read by ${url.protocol}`)
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url.href} answered ${answer.status}`)
  return answer.text()
}

type Proof = (page: Page) => Page

function bySchema(
  proof: ValidateFunction,
  { reason, context }: { readonly reason: string | undefined; readonly context: StepContext },
): Proof {
  const reasons = reason === undefined ? undefined : reasonOf(reason)
  return page => {
    const rows = aliveRows(page)
    const [read, why] = [wholeRowReader(page), reasons?.(page)]
    const good = new Int32Array(rows.length)
    let count = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      // A pattern of the schema may never come to an end, as a function of the user may.
      context.beforeCall(page.order[row] as number)
      try {
        if (!proof(read(row))) throw misfit(proof.errors ?? [], why?.(row))
        good[count++] = row
      } catch (error) {
        context.dead(page, row, error)
      }
    }
    return count === rows.length ? page : selectRows(page, good.subarray(0, count))
  }
}

function byCondition(where: Condition, { reason, context }: { readonly reason: string; readonly context: StepContext }): Proof {
  const reasons = reasonOf(reason)
  return page => {
    const judged = where.judge(page)
    const { yes, no } = split(judged)
    if (no.length === 0) return judged.page
    const why = reasons(page)
    for (const row of no) context.dead(page, row, new EventStoreError('INVALID', why(row)))
    return selectRows(judged.page, yes)
  }
}

const errorsShown = 4

function misfit(errors: readonly ErrorObject[], reason: string | undefined): EventStoreError {
  const shown = errors.slice(0, errorsShown).map(sentence).join('; ')
  const [first] = errors
  return new EventStoreError('INVALID', reason === undefined ? shown : `${reason}: ${shown}`, { path: first?.instancePath ?? '' })
}

function sentence({ instancePath, message = 'does not fit', keyword, params }: ErrorObject): string {
  const { additionalProperty, unevaluatedProperty, propertyName, allowedValues, allowedValue } = params as Readonly<Record<string, unknown>>
  const about =
    additionalProperty ?? unevaluatedProperty ?? propertyName ?? allowedValues ?? (keyword === 'const' ? allowedValue : undefined)
  return `${instancePath === '' ? 'the row' : instancePath} ${message}${about === undefined ? '' : `: ${JSON.stringify(about).slice(0, 100)}`}`
}
