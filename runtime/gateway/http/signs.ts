/** What the door says without the gate: that the process answers, that the node takes requests, and how it is asked. */
import { z } from '../codec/schemas.ts'
import type { Answer, AnswerSpec, DoorView } from './route.ts'

/** What a node says of itself to those who watch it. */
export interface Signs {
  /** Throws CLOSED, or whatever keeps the node from taking requests. */
  ready(): Promise<Readonly<Record<string, unknown>>>
  /** In the text format of Prometheus; null when the node counts nothing. */
  metricsText(): Promise<string | null>
}

/** A route that anybody may ask, whoever they are. */
export interface OpenRoute {
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly answers: Readonly<Record<number, AnswerSpec>>
  answer(door: DoorView): Promise<Answer>
}

export const openRoutes: readonly OpenRoute[] = [
  {
    path: '/health',
    name: 'health',
    summary: 'The process answers; nothing is said of the store.',
    answers: { 200: { summary: 'It does.', schema: z.object({ status: z.literal('ok') }) } },
    answer: async () => ({ status: 200, json: { status: 'ok' } }),
  },
  {
    path: '/ready',
    name: 'ready',
    summary: 'The node takes requests. 503 while it opens or closes.',
    answers: { 200: { summary: 'It does.', schema: z.looseObject({ status: z.literal('ready') }) } },
    answer: async ({ signs }) => ({ status: 200, json: { status: 'ready', ...(await signs.ready()) } }),
  },
  {
    path: '/openapi.json',
    name: 'openapi',
    summary: 'This description.',
    answers: { 200: { summary: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
    answer: async door => ({ status: 200, text: door.openapi(), type: 'application/json' }),
  },
]
