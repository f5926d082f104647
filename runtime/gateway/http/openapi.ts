/** The OpenAPI page, made of the routes and their schemas. */
import { type ErrorCode, errorCodes } from '../../../event/error.ts'
import { tenantSchema, z } from '../codec/schemas.ts'
import type { AnswerSpec, Route } from './route.ts'
import { type OpenRoute } from './signs.ts'
import { problemType } from './problem.ts'

type Json = Record<string, unknown>

const problemSchema: Json = {
  type: 'object',
  description: 'RFC 9457, with the code that programs match on.',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorCodes) },
    detail: { type: 'string' },
    details: { type: 'object' },
  },
}

/** Refusals that every route has: of the protocol, of the gate, and of a node that closes. */
const everywhere = [400, 403, 404, 405, 408, 431, 500, 503]
const behindTheGate: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'QUOTA', 'CLOSED']

export function openapiOf(routes: readonly Route[], open: readonly OpenRoute[], version: string): Json {
  const schemas: Record<string, Json> = { Problem: problemSchema }
  const paths: Record<string, Json> = {}
  const schemaOf = schemaMaker(schemas)
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemaOf)
  for (const { path, name, summary, answers } of open)
    paths[path] = { get: { operationId: name, summary, responses: { ...answersOf(answers, schemaOf), ...problemsOf(everywhere) } } }
  return {
    openapi: '3.1.0',
    info: {
      title: 'allsource',
      version,
      description: 'An event store with stream processing. Errors are problem+json with a stable `code`.',
    },
    paths,
    components: { schemas },
  }
}

type SchemaOf = (schema: z.ZodType) => Json

/** Schemas with an id of their own are written once, among the components. */
function schemaMaker(schemas: Record<string, Json>): SchemaOf {
  return schema => {
    const { $schema: _, $defs, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
    for (const [name, { id: __, $schema: ___, ...inner }] of Object.entries(($defs ?? {}) as Record<string, Json>))
      schemas[name] = moved(inner) as Json
    const { id, ...own } = json
    if (typeof id !== 'string') return moved(own) as Json
    schemas[id] = moved(own) as Json
    return { $ref: `#/components/schemas/${id}` }
  }
}

/** References point to where the page keeps its schemas. */
function moved(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(moved)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : moved(value),
    ]),
  )
}

function operationOf(route: Route, schemaOf: SchemaOf): Json {
  const { name, summary, body, answers, errors } = route
  const statuses = [...errors, ...behindTheGate].map(code => errorCodes[code].http)
  return {
    operationId: name,
    summary,
    parameters: parametersOf(route, schemaOf),
    ...(body && {
      requestBody: {
        required: body.optional !== true,
        ...(body.summary !== undefined && { description: body.summary }),
        content: Object.fromEntries(
          body.types.map(type => [
            type,
            type === 'application/json'
              ? { schema: schemaOf(body.schema), ...(body.example !== undefined && { example: body.example }) }
              : { schema: { type: 'string' } },
          ]),
        ),
      },
    }),
    responses: {
      ...answersOf(answers, schemaOf),
      ...problemsOf([...everywhere, ...statuses, ...(body ? [413, 415] : []), ...(route.withoutHead ? [406] : [])]),
    },
  }
}

function parametersOf({ params, query, headers = {} }: Route, schemaOf: SchemaOf): Json[] {
  const parameter = (name: string, place: string, schema: z.ZodType): Json => {
    const { description, ...json } = schemaOf(schema)
    const isRequired = place === 'path' || !schema.isOptional()
    const about = { name, in: place, required: isRequired, ...(description !== undefined && { description }) }
    // A parameter that is JSON itself is described as such.
    return json['contentMediaType'] === 'application/json'
      ? { ...about, content: { 'application/json': { schema: {} } } }
      : { ...about, schema: json }
  }
  return [
    ...Object.entries(params.shape).map(([name, schema]) => parameter(name, 'path', schema as z.ZodType)),
    ...Object.entries(query.shape).map(([name, schema]) => parameter(name, 'query', schema as z.ZodType)),
    ...Object.entries(headers).map(([name, { summary, schema }]) => ({
      name,
      in: 'header',
      description: summary,
      schema: schemaOf(schema),
    })),
    { name: 'Allsource-Tenant', in: 'header', description: 'Name of the tenant.', schema: schemaOf(tenantSchema) },
  ]
}

function answersOf(answers: Readonly<Record<number, AnswerSpec>>, schemaOf: SchemaOf): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { summary, schema, types = ['application/json'], headers }]) => [
      status,
      {
        description: summary,
        ...(headers && {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
          ),
        }),
        ...(schema && { content: Object.fromEntries(types.map(type => [type, { schema: schemaOf(schema) }])) }),
      },
    ]),
  )
}

function problemsOf(statuses: readonly number[]): Json {
  const retried = new Set([429, 503])
  return Object.fromEntries(
    [...new Set(statuses)]
      .toSorted((a, b) => a - b)
      .map(status => [
        status,
        {
          description:
            Object.entries(errorCodes)
              .filter(([, row]) => row.http === status)
              .map(([code]) => code)
              .join(', ') || 'The request can not be taken.',
          ...(retried.has(status) && { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'string' } } } }),
          content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  )
}
