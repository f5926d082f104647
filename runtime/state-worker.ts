/** Thread of the state writer: attaches to the `state` database and writes the epochs that come through its ports. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { StateWriter } from '../actors/state-writer.ts'
import { assert } from '../event/assert.ts'
import { attachRocks } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import { answerBytes } from './deploy/bytes-port.ts'
import type { StateQuestion } from './deploy/state-port.ts'

/** All the thread needs; plain data. */
export interface StateWorkerData {
  readonly handle: bigint
  readonly closed: Int32Array
}

/** From main: one more thread that writes. */
export interface StateWorkerMessage {
  readonly port: MessagePort
}

function run({ handle, closed }: StateWorkerData): void {
  const writer = new StateWriter(attachRocks<StateColumn>(handle, closed))
  const ports = new Set<MessagePort>()
  const stop = (): void => {
    for (const port of ports) port.close()
    parentPort!.close()
  }
  const answer = (question: StateQuestion, bytes: Uint8Array<ArrayBuffer> | null): Promise<unknown> => {
    if (question.kind === 'begin') return writer.begin(question.topology, question.incarnation)
    if (question.kind === 'drop') return writer.drop(question.topology)
    if (question.kind === 'measure') return writer.measure(question.topology)
    if (question.kind === 'savepoint') return writer.savepoint(question.savepoint)
    if (question.kind === 'readBack') return writer.readBack(question.savepoint)
    if (question.kind === 'dropSavepoint') return writer.dropSavepoint(question.topology, question.id)
    if (question.kind === 'settleVersion') return writer.settleVersion(question.version)
    if (question.kind === 'moveOutbox') return writer.moveOutbox(question.from, question.to)
    if (question.kind === 'stop') return new Promise(resolve => void setImmediate(() => resolve(void setImmediate(stop))))
    assert(bytes !== null, 'an epoch comes with its bytes')
    return writer.write({ ...question, bytes })
  }
  parentPort!.on('message', ({ port }: StateWorkerMessage) => {
    ports.add(port)
    port.on('close', () => ports.delete(port))
    answerBytes(port, answer)
  })
  parentPort!.postMessage('ready')
}

run(workerData as StateWorkerData)
