/** The exchange between workers alone: pages split by key, sent to lanes, and merged back in order; against structured clones of the same pages. */
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { createFragment, type Fragment, type FragmentContext } from '../actors/fragment.ts'
import { Lane } from '../actors/lanes/lane.ts'
import { localLink, portLink } from '../actors/lanes/lane-link.ts'
import type { LaneLink } from '../actors/lanes/lane-task.ts'
import { LanedFragment } from '../actors/lanes/laned-fragment.ts'
import { assert } from '../event/assert.ts'
import { systemClock } from '../event/clock.ts'
import { siblingModule } from '../event/module-url.ts'
import type { Page } from '../operators/flow.ts'
import { exchangePlan, laneOptions, makePages, pageRows } from './exchange-plan.ts'
import { cpuMeter, loadAverage } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import { report, say } from './report.ts'

const secondsDefault = 5
const warmUpMs = 1000
const clonesOnTheirWay = 16

/** Where each lane runs: in the thread of the lead, or in one of its own. */
const cases: Readonly<Record<string, readonly ('own' | 'worker')[]>> = {
  'two lanes, one in a worker': ['own', 'worker'],
  'two lanes, both in workers': ['worker', 'worker'],
  'four lanes, all in workers': ['worker', 'worker', 'worker', 'worker'],
}

interface Rate {
  readonly eventsPerSecond: number
  readonly cpuUsAnEvent: number
  /** Of the thread that splits and merges. */
  readonly leadCpuUsAnEvent: number
}

/** Pushes pages for so long, once warm; `settle` waits until all that was pushed is back. */
async function measure(seconds: number, push: (page: number) => void | Promise<void>, settle: () => Promise<void>): Promise<Rate> {
  let page = 0
  const runFor = async (ms: number): Promise<number> => {
    const [first, end] = [page, systemClock.monotonic() + ms]
    while (systemClock.monotonic() < end) await push(page++)
    await settle()
    return page - first
  }
  await runFor(warmUpMs)
  const cpu = cpuMeter(() => systemClock.monotonic())
  const begun = systemClock.monotonic()
  const events = (await runFor(1000 * seconds)) * pageRows
  const elapsedUs = 1000 * (systemClock.monotonic() - begun)
  const { cores, mainThreadCores } = cpu()
  return {
    eventsPerSecond: (events / elapsedUs) * 1e6,
    cpuUsAnEvent: (cores * elapsedUs) / events,
    leadCpuUsAnEvent: (mainThreadCores * elapsedUs) / events,
  }
}

interface Thread {
  readonly worker: Worker
  readonly port: MessageChannel['port1']
}

async function threadFor(lane: number, lanes: number, echoes = false): Promise<Thread> {
  const { port1, port2 } = new MessageChannel()
  const workerData = { port: port2, lane, lanes, echoes }
  const worker = new Worker(siblingModule(import.meta.url, './exchange-thread'), { workerData, transferList: [port2] })
  await once(worker, 'message')
  return { worker, port: port1 }
}

const outside = (): never => {
  throw new Error('nothing of it leaves')
}
const context: FragmentContext = {
  module: import.meta.url,
  state: () => ({ rows: () => [], get: () => undefined, getMany: keys => keys.map(() => undefined), put: outside, delete: outside }),
  projection: () => ({ put: outside, delete: outside, get: outside, rows: () => [] }),
  outbox: outside,
  dead: outside,
  resolve: outside,
}

async function throughFragment(fragment: Fragment, seconds: number, pageOf: (page: number) => Page): Promise<Rate> {
  let pushed = 0
  const rate = await measure(
    seconds,
    page => {
      fragment.push(pageOf(page))
      pushed += pageRows
      return fragment.isFull === true ? fragment.drained?.() : undefined
    },
    () => fragment.drained?.() ?? Promise.resolve(),
  )
  assert(fragment.counters.get('back')?.out === pushed, 'rows were lost on their way')
  fragment.close()
  return rate
}

async function inLanes(places: readonly ('own' | 'worker')[], seconds: number, pageOf: (page: number) => Page): Promise<Rate> {
  const plan = await exchangePlan()
  const workers: Worker[] = []
  const links: LaneLink[] = []
  for (const [lane, place] of places.entries()) {
    if (place === 'own') {
      links.push(localLink(await Lane.start(laneOptions(plan, lane, places.length))))
      continue
    }
    const { worker, port } = await threadFor(lane, places.length)
    workers.push(worker)
    links.push(portLink(port as never))
  }
  const rate = await throughFragment(await LanedFragment.start({ plan, links }, context), seconds, pageOf)
  for (const worker of workers) await worker.terminate()
  return rate
}

/** The same pages as clones of their columns, there and back, so many at a time. */
async function asClones(seconds: number, pageOf: (page: number) => Page): Promise<Rate> {
  const { worker, port } = await threadFor(0, 1, true)
  let [onTheirWay, back] = [0, (): void => undefined]
  port.on('message', () => {
    onTheirWay--
    back()
  })
  const waitFor = async (most: number): Promise<void> => {
    while (onTheirWay > most) await new Promise<void>(resolve => (back = resolve))
  }
  const rate = await measure(
    seconds,
    page => {
      port.postMessage(pageOf(page))
      onTheirWay++
      return waitFor(clonesOnTheirWay - 1)
    },
    () => waitFor(0),
  )
  port.close()
  await worker.terminate()
  return rate
}

const options = benchOptions()
const seconds = options.seconds ?? secondsDefault
const pageOf = makePages()
const names = Object.keys(cases).filter(name => wanted(options, name))
if (names.length > 0) {
  say('exchange: structured clones')
  const clones = await asClones(seconds, pageOf)
  say('exchange: without one')
  const alone = await throughFragment(await createFragment(await exchangePlan(), context), seconds, pageOf)
  for (const name of names) {
    say(`exchange: ${name}`)
    const { eventsPerSecond, ...cpu } = await inLanes(cases[name] as readonly ('own' | 'worker')[], seconds, pageOf)
    report({
      bench: 'exchange',
      case: name,
      value: eventsPerSecond,
      unit: 'events/s',
      baseline: {
        name: 'structured clones of the same pages to a worker and back, neither split nor merged',
        value: clones.eventsPerSecond,
      },
      ...cpu,
      baselineCpuUsAnEvent: clones.cpuUsAnEvent,
      withoutExchange: alone.eventsPerSecond,
      load: loadAverage(),
    })
  }
}
