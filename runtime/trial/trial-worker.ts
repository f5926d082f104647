/** The thread of trials: user code of commands runs here. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { exposeControl } from '../../actors/control.ts'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { trialHost } from './trial-host.ts'

/** Plain data: crosses a thread. */
export interface TrialWorkerData {
  readonly heartbeat: SharedArrayBuffer
  readonly control: MessagePort
  readonly beatMs: number
}

/** Tells the trials of this thread from none. */
const DEPLOYMENT = 1

function run({ heartbeat: buffer, control, beatMs }: TrialWorkerData): void {
  const heartbeat = new Heartbeat(buffer)
  heartbeat.beat()
  setInterval(() => heartbeat.beat(), beatMs)
  exposeControl(
    trialHost({ beforeCall: (step, order) => heartbeat.note(DEPLOYMENT, step, order), returned: () => heartbeat.clear() }),
    control,
  )
}

run(workerData as TrialWorkerData)
