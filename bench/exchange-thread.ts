/** The other side of the exchange bench: a lane of the product, or one that sends pages back as they came. */
import { parentPort, type MessagePort, workerData } from 'node:worker_threads'
import { Lane } from '../actors/lanes/lane.ts'
import { serveLane } from '../actors/lanes/lane-link.ts'
import { assert } from '../event/assert.ts'
import type { Page } from '../operators/flow.ts'
import { exchangePlan, laneOptions } from './exchange-plan.ts'

assert(parentPort, 'runs as a worker')
const { port, lane, lanes, echoes } = workerData as { port: MessagePort; lane: number; lanes: number; echoes: boolean }
if (echoes) port.on('message', (page: Page) => port.postMessage(page))
else serveLane(await Lane.start(laneOptions(await exchangePlan(), lane, lanes)), port as never)
parentPort.postMessage('ready')
