/** Thread of pipelines: user code runs here and nowhere else. Events come by the log's reader, epochs and outboxes go as transferred bytes. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { exposeControl } from '../actors/control.ts'
import { Heartbeat } from '../actors/heartbeat.ts'
import { systemClock } from '../event/clock.ts'
import type { Limits } from '../event/limits.ts'
import { attachRocks } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import { BytesPort } from './deploy/bytes-port.ts'
import { LanePorts, type PortDelivery } from './deploy/lane-ports.ts'
import type { PipelineQuestion } from './deploy/pipeline-port.ts'
import { remoteSide } from './deploy/pipeline-port.ts'
import { pipelineHost } from './deploy/pipeline-host.ts'
import { RemoteStateWriter, type StateQuestion } from './deploy/state-port.ts'
import { attachLog, type LogAccess } from './log-access.ts'

/** All the thread needs; plain data. */
export interface PipelineWorkerData {
  readonly log: LogAccess
  readonly state: { readonly handle: bigint; readonly closed: Int32Array }
  readonly heartbeat: SharedArrayBuffer
  readonly control: MessagePort
  /** To the state writer's thread. */
  readonly epochs: MessagePort
  /** To main. */
  readonly outbox: MessagePort
  readonly limits: Limits
  readonly epochMs: number
  /** Ask main to sync the shards before each epoch. */
  readonly syncsShards: boolean
}

/** Signs of life while there is nothing to do, within the silence that counts as death. */
const BEATS_PER_SILENCE = 10

function run(data: PipelineWorkerData): void {
  const heartbeat = new Heartbeat(data.heartbeat)
  heartbeat.beat()
  setInterval(() => heartbeat.beat(), data.limits.silentWorkerMs / BEATS_PER_SILENCE).unref()
  const ports = new LanePorts()
  parentPort!.on('message', (delivery: PortDelivery) => ports.put(delivery))
  const main = remoteSide(new BytesPort<PipelineQuestion>(data.outbox))
  exposeControl(
    pipelineHost({
      log: attachLog(data.log),
      store: attachRocks<StateColumn>(data.state.handle, data.state.closed),
      writer: new RemoteStateWriter(new BytesPort<StateQuestion>(data.epochs)),
      appendOutbox: main.appendOutbox,
      ...(data.syncsShards && { syncShards: main.syncShards }),
      heartbeat,
      limits: data.limits,
      epochMs: data.epochMs,
      clock: systemClock,
      ports,
      rested: main.rested,
      changed: main.changed,
      lookedUp: main.lookedUp,
    }),
    data.control,
  )
  parentPort!.postMessage('ready')
}

run(workerData as PipelineWorkerData)
