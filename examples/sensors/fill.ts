/** Half an hour of three thermometers, taken by the topology as it comes: `node examples/sensors/fill.ts`. A second run adds nothing. */
import { openNode } from '../../runtime/index.ts'

interface SensorRead {
  readonly type: 'sensor.read'
  readonly id: string
  /** `at`: ISO 8601. What a broken sensor sends has other types. */
  readonly data: Readonly<Record<string, unknown>>
}

const start = Date.parse('2026-03-02T06:00:00Z')
const secondMs = 1000
const minuteMs = 60 * secondMs
const everyMs = 20 * secondMs
const askEveryMs = 50

/** Degrees at a time since the start; undefined while a sensor is silent. */
const sensors: Readonly<Record<string, (minute: number) => number | undefined>> = {
  boiler: minute => (minute >= 15 && minute < 18 ? 84 : 62 + (Math.floor(minute) % 3)),
  // Falls silent, and comes back.
  cellar: minute => (minute >= 8 && minute < 16 ? undefined : 11),
  // Falls silent for good, and was below five degrees before.
  roof: minute => (minute >= 20 ? undefined : minute < 5 ? 3 : 7),
}

function* readings(): Generator<{ stream: string; event: SensorRead }> {
  for (let atMs = start; atMs < start + 30 * minuteMs; atMs += everyMs) {
    const at = new Date(atMs).toISOString()
    for (const [sensor, celsiusAt] of Object.entries(sensors)) {
      const celsius = celsiusAt((atMs - start) / minuteMs)
      if (celsius === undefined) continue
      const number = (atMs - start) / everyMs
      const data = { sensor, celsius, at }
      yield { stream: `sensor-${sensor}`, event: { type: 'sensor.read', id: `${sensor}-${number}`, data } }
      // Each tenth reading is sent again, under another id.
      if (number % 10 === 9) yield { stream: `sensor-${sensor}`, event: { type: 'sensor.read', id: `${sensor}-${number}-again`, data } }
    }
    for (const [id, data] of broken(at)) yield { stream: 'sensor-broken', event: { type: 'sensor.read', id, data } }
  }
}

/** What is no reading, once each. */
function broken(at: string): (readonly [id: string, data: SensorRead['data']])[] {
  if (at !== '2026-03-02T06:10:00.000Z') return []
  return [
    ['broken-1', { sensor: 'attic', celsius: 'n/a', at }],
    ['broken-2', { sensor: 'attic', celsius: 9999, at }],
    ['broken-3', { celsius: 20, at }],
  ]
}

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data' })
try {
  const isFilled = (await node.streamVersion('sensor-boiler')) > 0
  const { events } = isFilled ? { events: 0 } : await node.appendInOrder<SensorRead>(readings())
  console.log(`${events} events stored`)
  const isBehind = async (): Promise<boolean> => (await node.topologies()).some(one => one.status === 'running' && one.lagEvents > 0)
  while (await isBehind()) await new Promise(resolve => setTimeout(resolve, askEveryMs))
} finally {
  await node.close()
}
