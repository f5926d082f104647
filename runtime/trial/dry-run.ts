/** Runs a topology over the first events of a store, in memory and in a thread of its own: nothing is written, nothing is sent. */
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { EventStore, ReadAllOptions } from '../../event/event-store.ts'
import type { Position } from '../../event/event.ts'
import type { Plan } from '../../topology/plan.ts'
import { type GivenEvent, givenOf } from './given-log.ts'
import type { TopologyPlace } from './test-file.ts'
import type { TrialOutcome } from './trial.ts'
import { inTrialThread, type TrialThread, type TrialThreadOptions } from './trial-thread.ts'

/** Events that cross to the thread at once. */
const givenAtOnce = 2048

export interface DryRunOptions extends TrialThreadOptions {
  /** How many events of the store, or rows of a generator, are taken. */
  readonly sample: number
  /** Begins after this position. */
  readonly from?: Position
  /** How many of each kind of result are kept. */
  readonly keep: number
  /** The store; opened only for a topology that follows the log. */
  open(): Promise<Pick<EventStore, 'readAll'>>
}

export interface DryRun {
  readonly plan: Plan
  readonly outcome: TrialOutcome
}

/** The sample counts as the whole input, so windows that are open at its end close. INVALID names the step whose code never returns. */
export async function dryRun(place: TopologyPlace, options: DryRunOptions): Promise<DryRun> {
  return inTrialThread(options, async thread => {
    const plan = await thread.control.begin(place, { keep: options.keep })
    try {
      await giveSample(thread, plan, options)
      return { plan, outcome: await thread.control.end() }
    } catch (error) {
      throw withStep(error, plan)
    }
  })
}

async function giveSample({ control }: TrialThread, { source }: Plan, { sample, from, open, signal }: DryRunOptions): Promise<void> {
  if (source.kind === 'generate') return control.generate(sample)
  const { types, categories } = source
  const read: ReadAllOptions = {
    limit: sample,
    jsonAs: 'bytes',
    ...(types && { types }),
    ...(categories && { categories }),
    ...(from !== undefined && { from }),
  }
  let waiting: GivenEvent[] = []
  for await (const event of (await open()).readAll(read)) {
    if (signal?.aborted) break
    waiting.push(givenOf(event))
    if (waiting.length < givenAtOnce) continue
    await control.give(waiting)
    waiting = []
  }
  if (waiting.length > 0) await control.give(waiting)
}

/** The death of a thread knows the number of the step only. */
export function withStep(error: unknown, { source, steps }: Plan): unknown {
  const number = isEventStoreError(error) ? error.details['step'] : undefined
  if (!isEventStoreError(error) || typeof number !== 'number') return error
  const step = number === 0 ? source.id : (steps[number - 1]?.id ?? '')
  const why = String(error.details['cause'] as string)
  return new EventStoreError(error.code, `step ${step}: ${why}`, { step }, { cause: error })
}
