/**
 * Named places at which tests end the process, end the thread, or make the work fail: `ALLSOURCE_FAIL_POINTS=epoch.sealed:3=kill,outbox.sent=throw`. The
 * number says at which passage, 1 when left out, counted a thread. Off unless the variable is set, and then a passage costs one comparison.
 */
import { EventStoreError } from './error.ts'

export const failPoints = [
  // An epoch: the barrier is pushed, all is sealed, the writer has it, it is in the batch, it is on disk, the pipeline knows.
  ...(['epoch.barrier', 'epoch.sealed', 'epoch.writing', 'epoch.written', 'epoch.acknowledged'] as const),
  ...(['outbox.sending', 'outbox.sent'] as const),
  // A push in lanes: the lead gives it, a lane has it, has done it, and the lead has its results; and a lane hands over its state.
  ...(['exchange.given', 'exchange.taken', 'exchange.done', 'exchange.merged', 'exchange.state'] as const),
  // The number of lanes changes: the topology stands, it is noted, lanes start, all have started.
  ...(['rescale.stopped', 'rescale.noted', 'lanes.starting', 'lanes.started'] as const),
  ...(['deploy.planned', 'deploy.noted', 'deploy.started'] as const),
] as const

export type FailPoint = (typeof failPoints)[number]

const actions = ['kill', 'exit', 'throw'] as const
type Action = (typeof actions)[number]

interface Armed {
  readonly action: Action
  passagesLeft: number
}

const variable = 'ALLSOURCE_FAIL_POINTS'
const armed = armedBy(globalThis.process?.env?.[variable])

/** Called where work could be cut short. */
export function failPoint(name: FailPoint): void {
  if (armed !== undefined) pass(name, armed)
}

/** INVALID for what is no list of points: a test that fails nowhere would prove nothing. */
function armedBy(text: string | undefined): Map<string, Armed> | undefined {
  if (!text) return undefined
  return new Map(
    text.split(',').map(point => {
      const [, name = '', passage = '1', action = ''] = /^([\w.]+)(?::(\d+))?=(\w+)$/.exec(point) ?? []
      if (!failPoints.some(one => one === name) || !actions.some(one => one === action))
        throw new EventStoreError('INVALID', `${variable}: ${point} is no fail point (${failPoints.join(', ')}) with kill, exit or throw`)
      return [name, { action: action as Action, passagesLeft: Number(passage) }]
    }),
  )
}

function pass(name: FailPoint, points: Map<string, Armed>): void {
  const point = points.get(name)
  if (point === undefined || --point.passagesLeft !== 0) return
  // At once and without a word to anybody, as when the power goes.
  if (point.action === 'kill') process.kill(process.pid, 'SIGKILL')
  if (point.action === 'exit') process.exit(9)
  throw new EventStoreError('READ_ONLY', `fail point ${name}`)
}
