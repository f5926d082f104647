/** Opening a store of 10 M events in 1 M streams after kill -9, with a cold page cache: first read, first conditional append, memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bareDisk } from './bare-disk.ts'
import { bytesBelow, dropPageCache } from './disk-use.ts'
import { loadAverage } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import type { Compression, Opened, OpenTask } from './open-child.ts'
import { report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const eventsDefault = 10_000_000
const eventsPerStream = 10
/** What is asked of memory is said of this many. */
const eventsTold = 100_000_000
const killAfterMs = 300

const runChild = (task: OpenTask) =>
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'open-child.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })

/** Lets a child write, and kills it without warning while it goes on writing. */
async function writeAndKill(task: OpenTask): Promise<void> {
  const child = runChild(task)
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'filled') continue
    await new Promise(resolve => setTimeout(resolve, killAfterMs))
    child.kill('SIGKILL')
  }
  const [code, signal] = (await exited) as [number | null, string | null]
  if (signal !== 'SIGKILL') throw new Error(`the writing child ended by itself with code ${String(code)}`)
}

async function openOnce(task: OpenTask): Promise<Opened> {
  const child = runChild(task)
  const exited = once(child, 'exit')
  let answer = ''
  for await (const line of createInterface({ input: child.stdout })) answer = line
  await exited
  return JSON.parse(answer) as Opened
}

interface Opening {
  readonly events: number
  readonly compression: Compression
  readonly cold: Opened
  readonly warm: Opened
  readonly bare: Opened
  readonly dropped: boolean
  readonly bytesAnEvent: number
  readonly disk: ReturnType<typeof bareDisk>
}

async function measure(events: number, compression: Compression, parent: string | undefined): Promise<Opening> {
  const place = temporary(parent)
  try {
    const task = { directory: `${place.path}/store`, streams: Math.ceil(events / eventsPerStream), eventsPerStream, compression }
    await writeAndKill({ ...task, role: 'write' })
    const bytesAnEvent = bytesBelow(task.directory) / events
    const disk = bareDisk(place.path)
    const dropped = dropPageCache()
    const cold = await openOnce({ ...task, role: 'read', stream: 0 })
    dropPageCache()
    const bare = await openOnce({ ...task, role: 'bare' })
    const warm = await openOnce({ ...task, role: 'read', stream: 1 })
    return { events, compression, cold, warm, bare, dropped, bytesAnEvent, disk }
  } finally {
    place.remove()
  }
}

function tell({ events, compression, cold, warm, bare, dropped, bytesAnEvent, disk }: Opening): void {
  const more = { events, streams: events / eventsPerStream, compression, pageCacheDropped: dropped, load: loadAverage(), bareDisk: disk }
  const baseline = { name: 'opening the same databases without the store, and one get', value: bare.readMs }
  const line = (name: string, opened: Opened): void => {
    report({
      bench: 'open',
      case: `${name}: first read`,
      value: opened.readMs,
      unit: 'ms since open was called',
      baseline,
      openMs: opened.openMs,
      rssMiB: opened.rssMiB,
      ...more,
    })
    report({
      bench: 'open',
      case: `${name}: first conditional append`,
      value: opened.appendMs,
      unit: 'ms since open was called',
      rssMiB: opened.rssMiB,
      ...more,
    })
  }
  line('after kill -9, cold', cold)
  line('again, warm', warm)
  report({ bench: 'open', case: 'bytes on disk', value: bytesAnEvent, unit: 'bytes/event', ...more })
}

/**
 * The line through two measured points, followed further than either, and on top the most that reading added: said as what it is.
 * Caches are bounded, so what reading adds does not grow with the store; the version map does, with the streams.
 */
function extrapolate(small: Opening, large: Opening): void {
  const points = [small, large]
  const perEvent = Math.max(0, large.cold.rssMiB - small.cold.rssMiB) / (large.events - small.events)
  const reading = Math.max(...points.map(({ cold }) => cold.rssAfterReadsMiB - cold.rssMiB))
  report({
    bench: 'open',
    case: `memory at ${eventsTold / 1e6} M events, extrapolated`,
    value: large.cold.rssMiB + perEvent * (eventsTold - large.events) + reading,
    unit: 'MiB',
    extrapolated: 'a straight line through the two measured points after opening, and the most that reading 2,000 streams added',
    measured: points.map(({ events, cold }) => ({ events, rssMiB: cold.rssMiB, rssAfterReadsMiB: cold.rssAfterReadsMiB })),
    streams: eventsTold / eventsPerStream,
  })
}

leaveCleanly()
const options = benchOptions()
const events = options.events ?? eventsDefault
say(`open: ${events} events`)
const large = await measure(events, 'auto', options.directory)
tell(large)
if (wanted(options, 'memory')) extrapolate(await measure(events / 10, 'auto', options.directory), large)
if (wanted(options, 'not compressed')) tell(await measure(events, 'none', options.directory))
