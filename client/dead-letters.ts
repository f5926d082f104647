/** Dead letters of a topology, over a wire. */
import type {
  DeadLetter,
  DeadLetterChoice,
  DeadLetterListOptions,
  DeadLetters,
  DiscardOptions,
  HandledLetters,
  ReplayOptions,
} from '../event/dead-letters.ts'
import { segment, type Wire } from './wire.ts'

const pageLetters = 200

interface Letters {
  readonly letters: readonly DeadLetter[]
  readonly next: number | null
}

export function remoteDeadLetters(wire: Wire, topology: string): DeadLetters {
  const path = `/v1/topologies/${segment(topology)}/dead-letters`
  const handled = (
    how: 'replay' | 'discard',
    letters: DeadLetterChoice,
    options: ReplayOptions & DiscardOptions,
  ): Promise<HandledLetters> =>
    wire.json({ method: 'POST', path: `${path}/${how}`, body: JSON.stringify({ letters, ...options }), appends: true })
  return {
    async *list({ limit = Number.POSITIVE_INFINITY, status, step, after }: DeadLetterListOptions = {}) {
      let left = limit
      let next: number | null = after ?? null
      for (;;) {
        const query = { status, step, after: next ?? undefined, limit: Math.min(left, pageLetters) }
        const page: Letters = await wire.json<Letters>({ path, query })
        for (const letter of page.letters) {
          yield letter
          wire.check()
        }
        left -= page.letters.length
        next = page.next
        if (next === null || left <= 0) return
      }
    },
    show: id => wire.json({ path: `${path}/${segment(String(id))}` }),
    replay: (choice, options = {}) => handled('replay', choice, options),
    discard: (choice, options = {}) => handled('discard', choice, options),
  }
}
