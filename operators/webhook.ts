/** `webhook`: sends each row as an HTTP request, in order, and again until it is taken. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
import { hint } from './expressions/hint.ts'
import { type RowType, typeOfField } from './expressions/types.ts'
import { onPage } from './lift.ts'
import { type Names, namesOf, type Template, templateOf } from './names.ts'
import type { Operator, PostRequest } from './operator.ts'
import { aliveRows } from './page.ts'
import { wholeRowReader } from './rows/whole-row.ts'

export interface WebhookOptions {
  readonly url: string
  readonly method?: PostRequest['method']
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Names
  readonly timeout?: Duration
  readonly attempts?: number
  readonly secretEnvironment?: string
}

const timeoutMsMost = 300_000
/** Those that the runtime sets, and those that belong to the connection. */
const ownHeaders = ['idempotency-key', 'allsource-signature']
const connectionHeaders = ['host', 'content-length', 'connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer']
const headerName = /^[!#$%&'*+.^_`|~\w-]+$/
/** What a header may hold as it is; anything else would end it, or be taken for another character. */
const headerValue = /^[\t\x20-\x7e]*$/

export const webhook: Operator<WebhookOptions> = {
  spec: {
    name: 'webhook',
    kind: 'sink',
    summary: 'Sends each row as an HTTP request with a JSON body.',
    description:
      'Requests leave after the epoch that holds them, those of one step one after another in the order of the rows. Each carries an ' +
      '`Idempotency-Key` that is the same when it is sent again, which happens after a crash: a receiver that remembers keys sees each row once. ' +
      'An answer 2xx is the end of it. 408, 425, 429, 5xx, a connection that fails and silence are tried again after growing pauses, or after ' +
      'those that `Retry-After` asks for; redirects are not followed. Any other answer, or the last attempt, makes the request a dead letter. ' +
      'While a receiver is slow or away, requests wait in the store; above 8 MiB of them the topology waits as well. ' +
      'With `secretEnvironment` a header `Allsource-Signature: sha256=…` holds the HMAC-SHA256 of the body in hexadecimal digits. Columns in ' +
      'the URL are percent-encoded, but for one at its beginning. A row from which no request can be made is a dead letter.',
    shorthand: 'url',
    options: {
      url: { type: 'template', required: true, summary: 'Where to, with columns in braces: `https://shop.example/orders/{order}`.' },
      method: { type: 'choice', choices: ['POST', 'PUT', 'PATCH'], default: 'POST', summary: 'Method of the request.' },
      headers: {
        type: 'json',
        summary: 'More headers by name; their values may have columns in braces.',
        sample: { 'x-tenant': 'shop' },
      },
      body: { type: 'fields', summary: 'Columns of the body, or `{ "new name": "column" }`; all that are not null when left out.' },
      timeout: { type: 'duration', default: '10s', summary: 'How long one attempt may take, at most 5m.' },
      attempts: { type: 'number', least: 1, most: 1000, isWhole: true, default: 8, summary: 'How often a request is tried.' },
      secretEnvironment: { type: 'text', summary: 'Name of the environment variable with the secret that signs the body.' },
    },
    ports: {},
    stateVersion: 1,
    keeps: 'requests on their way',
    guarantee: 'atLeastOnce',
  },
  example: {
    title: 'Tell a shop of its large orders',
    options: { url: 'https://shop.example/orders/{order}', method: 'PUT', headers: { 'X-Customer': '{customer}' }, body: ['cents'] },
    input: [{ order: 'a/1', customer: 'c1', cents: 5000 }, { order: null, customer: 'c2', cents: 7000 }, 'barrier'],
    output: {
      posts: [
        {
          url: 'https://shop.example/orders/a%2F1',
          method: 'PUT',
          headers: { 'content-type': 'application/json', 'x-customer': 'c1' },
          body: '{"cents":5000}',
          timeoutMs: 10_000,
          attempts: 8,
        },
      ],
      dead: [1],
    },
  },
  needs(options) {
    const body = options.body === undefined ? ['*'] : namesOf(options.body).map(([, field]) => field)
    const headers = Object.values(options.headers ?? {}).flatMap(value => templateOf(value).fields)
    return new Set([...templateOf(options.url).fields, ...headers, ...body])
  },
  types(options, input) {
    requestOf(options, input)
    return {}
  },
  create(options, context) {
    const outbox = context.outbox()
    const { url, headers, fixed } = requestOf(options, context.row)
    return onPage(page => {
      const [urlOf, bodyOf] = [url.of(page, inUrl), wholeRowReader(page, options.body)]
      const headersOf = headers.map(([name, value]) => [name, value.of(page)] as const)
      for (const row of aliveRows(page)) {
        try {
          const made = Object.fromEntries(headersOf.map(([name, valueOf]) => [name, checkedValue(name, valueOf(row))] as const))
          const body = JSON.stringify(bodyOf(row))
          const whole = { 'content-type': 'application/json', ...made }
          outbox.post({ ...fixed, url: checkedUrl(urlOf(row)), headers: whole, body }, page, row)
        } catch (error) {
          context.dead(page, row, error)
        }
      }
    })
  },
}

/** A value as a part of a URL. Dots alone would climb out of the path, however they are encoded. */
function inUrl(value: string): string {
  if (value === '.' || value === '..') throw invalid('url', `${JSON.stringify(value)} can not be a part of a URL`)
  return encodeURIComponent(value)
}

interface Request {
  readonly url: Template
  readonly headers: readonly (readonly [name: string, value: Template])[]
  readonly fixed: Omit<PostRequest, 'url' | 'headers' | 'body'>
}

/** Everything that is the same for all rows, proved as far as that goes without one. */
function requestOf({ url, headers = {}, method = 'POST', timeout = '10s', attempts = 8, ...rest }: WebhookOptions, row: RowType): Request {
  const timeoutMs = durationMs(timeout, 'timeout')
  if (timeoutMs < 1 || timeoutMs > timeoutMsMost) throw invalid('timeout', `timeout must be from 1ms to 5m, not ${JSON.stringify(timeout)}`)
  if (rest.secretEnvironment !== undefined && !/^[^=\0]+$/.test(rest.secretEnvironment))
    throw invalid('secretEnvironment', `${JSON.stringify(rest.secretEnvironment)} is no name of an environment variable`)
  const template = templateOf(url)
  if (template.fields.length === 0) checkedUrl(unescaped(url))
  return { url: template, headers: headersOf(headers, row), fixed: { method, timeoutMs, attempts, ...secretOf(rest) } }
}

function secretOf({ secretEnvironment }: Pick<WebhookOptions, 'secretEnvironment'>): Pick<PostRequest, 'secretEnvironment'> {
  return secretEnvironment === undefined ? {} : { secretEnvironment }
}

function headersOf(headers: unknown, row: RowType): Request['headers'] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw invalid('headers', 'headers must be an object of texts by name: { "X-Tenant": "{tenant}" }')
  const seen = new Set<string>()
  return Object.entries(headers as Readonly<Record<string, unknown>>).map(([name, value]) => {
    const option = `headers.${name}`
    const lower = name.toLowerCase()
    if (!headerName.test(name)) throw invalid(option, `${JSON.stringify(name)} is no name of a header`)
    if (ownHeaders.includes(lower)) throw invalid(option, `header ${name} is set by the runtime`)
    if (connectionHeaders.includes(lower)) throw invalid(option, `header ${name} belongs to the connection and can not be set`)
    if (seen.has(lower)) throw invalid(option, `header ${name} is given twice`)
    seen.add(lower)
    if (typeof value !== 'string') throw invalid(option, `header ${name} must be a text`)
    const template = templateOf(value)
    for (const field of template.fields)
      if (typeOfField(row, field) === undefined) {
        const names = Object.keys(row.fields)
        throw invalid(
          option,
          `there is no column ${field} for header ${name}${hint(field, names)} (there are: ${names.join(', ') || 'none'})`,
        )
      }
    if (template.fields.length === 0) checkedValue(name, unescaped(value))
    return [lower, template]
  })
}

/** A template without columns, as the text it stands for. */
function unescaped(text: string): string {
  return text.replaceAll('{{', '{').replaceAll('}}', '}')
}

function checkedValue(name: string, value: string): string {
  if (headerValue.test(value)) return value
  throw invalid(`headers.${name}`, `header ${name} can hold only printable ASCII characters, not ${JSON.stringify(value)}`)
}

function checkedUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw invalid('url', `${JSON.stringify(text)} is no URL that begins with http:// or https://`)
  if (url.username !== '' || url.password !== '')
    throw invalid('url', 'the URL holds a user or password; send them in a header such as Authorization')
  return url.href
}

function invalid(option: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { option })
}
