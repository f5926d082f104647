/** Events for the pipeline of the stand-ins to count, and everything that anybody could see of the outcome. */
import * as assert from 'uvu/assert'
import { finishOutbox } from '../../actors/finish.ts'
import { StateWriter } from '../../actors/state-writer.ts'
import { systemClock } from '../../event/clock.ts'
import { defaultLimits } from '../../event/limits.ts'
import { outboxPrefix, readProjection, readTopologyRow, scanPrefix, stepPrefix } from '../../store/state.ts'
import {
  PARTITIONS,
  StandInLog,
  type StandInOptions,
  StandInStore,
  type StandInWorld,
  stampAt,
  startPipeline,
} from './pipeline-stand-ins.ts'

export const EVENTS = 400
export const END = { upTo: stampAt(EVENTS - 1) }

export function worldOf(events = EVENTS): StandInWorld {
  const log = new StandInLog()
  for (let i = 0; i < events; i++) {
    if (i % 50 === 49) log.add(Buffer.from('{"key":"a","amount":'))
    else log.add({ key: 'abcde'[(i * i) % 5], amount: i % 31 === 30 ? -1 : i })
  }
  return { log, store: new StandInStore() }
}

/** Everything that anybody could see, in an order that does not depend on how lanes were interleaved. */
export function seen({ store, log }: StandInWorld): unknown {
  const row = readTopologyRow(store, 'counts')!
  const byProducer = Map.groupBy(log.outputs, ({ producer }) => producer)
  return {
    totals: [...readProjection(store, 'totals')],
    state: [...scanPrefix(store, 'state', stepPrefix('counts', 'count', 1))].map(([key, value]) => [
      Buffer.from(key).toString(),
      Buffer.from(value).toString(),
    ]),
    outputs: [...byProducer].sort(([a], [b]) => (a < b ? -1 : 1)),
    waiting: [...scanPrefix(store, 'state', outboxPrefix('counts'))].length,
    row: { ...row, epoch: 0, outbox: 0, isRepeating: false },
  }
}

/** As the deployer does: a topology that has ended is not run again, only what it still had to send is sent. */
export async function runToEnd(world: StandInWorld, options: StandInOptions = {}): Promise<void> {
  if (hasEnded(world)) return finish(world)
  const actor = await startPipeline(world, { ...END, ...options })
  assert.is((await actor.done).status, 'ended')
}

export function hasEnded({ store }: StandInWorld): boolean {
  return readTopologyRow(store, 'counts')?.status === 'ended'
}

async function finish({ store, log }: StandInWorld): Promise<void> {
  await finishOutbox({
    topology: 'counts',
    incarnation: 99,
    store,
    writer: new StateWriter(store),
    appendOutbox: log.append,
    partitions: PARTITIONS,
    limits: defaultLimits,
    clock: systemClock,
  })
}
