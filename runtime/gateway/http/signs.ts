/** What the door says without the gate: that the process answers, that the node takes requests, and how it is asked. */
import type { Health, Readiness } from '../../../event/figures.ts'
import { z } from '../codec/schemas.ts'
import { HttpRefusal } from './problem.ts'
import type { Answer, AnswerSpec, DoorView } from './route.ts'

/** What a node says of itself to those who watch it. */
export interface Signs {
  /** Never throws. */
  health(): Health
  /** Never throws. */
  ready(): Promise<Readiness>
  /** In the text format of Prometheus. */
  metricsText(): Promise<string>
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
    summary: 'Whether the process is of any use; if it is not (503), another one should take its place.',
    answers: {
      200: {
        summary: 'It is.',
        schema: z.looseObject({ alive: z.literal(true), shards: z.array(z.looseObject({ shard: z.int(), condition: z.string() })) }),
      },
    },
    async answer({ signs }) {
      const health = signs.health()
      if (health.alive) return { status: 200, json: health }
      throw new HttpRefusal(503, 'READ_ONLY', health.reasons.join('; '), { details: health })
    },
  },
  {
    path: '/ready',
    name: 'ready',
    summary:
      'Whether requests should be sent here now; 503 while the node opens or closes, or in a cluster while a partition has no leader.',
    answers: { 200: { summary: 'They should.', schema: z.looseObject({ ready: z.literal(true) }) } },
    async answer({ signs, closing }) {
      const readiness = await signs.ready()
      const reasons = closing.aborted ? ['the node is closing', ...readiness.reasons] : readiness.reasons
      if (readiness.ready && !closing.aborted) return { status: 200, json: readiness }
      throw new HttpRefusal(503, 'CLOSED', reasons.join('; '), { details: { ready: false, reasons } })
    },
  },
  {
    path: '/openapi.json',
    name: 'openapi',
    summary: 'This description.',
    answers: { 200: { summary: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
    answer: async door => ({ status: 200, text: door.openapi(), type: 'application/json' }),
  },
]
