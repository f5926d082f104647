/** Metrics of a node as a whole and of its process. */
import { fine, type MetricRow, one } from './row.ts'

export const nodeMetrics: readonly MetricRow[] = [
  {
    name: 'allsource_node_info',
    type: 'gauge',
    help: 'Always 1; the label tells which store it is.',
    labels: ['store'],
    read: ({ stats }) => [[[stats.storeId], 1]],
  },
  {
    name: 'allsource_node_opened_timestamp_seconds',
    type: 'gauge',
    help: 'When the node was opened, in seconds since the epoch.',
    labels: [],
    read: ({ openedAt }) => one(openedAt / 1000),
  },
  {
    name: 'allsource_node_alive',
    type: 'gauge',
    help: '1 unless only a new start can help, as after a disk refused a write.',
    labels: [],
    read: ({ isAlive }) => one(Number(isAlive)),
  },
  {
    name: 'allsource_node_ready',
    type: 'gauge',
    help: '1 when requests should be sent here.',
    labels: [],
    read: ({ isReady }) => one(Number(isReady)),
  },
  {
    name: 'allsource_disk_bytes',
    type: 'gauge',
    help: 'Bytes of all files of the store; 0 in memory.',
    labels: [],
    read: ({ stats }) => one(stats.diskBytes),
  },
  {
    name: 'allsource_damaged_places',
    type: 'gauge',
    help: 'Places of the log that could not be read when the store was opened.',
    labels: [],
    read: ({ stats }) => one(stats.damage.length),
  },
  {
    name: 'allsource_append_refusals_total',
    type: 'counter',
    help: 'Appends that were refused before any partition saw them, by error code.',
    labels: ['code'],
    read: ({ refusals }) => Object.entries(refusals).map(([code, count]) => [[code], count]),
  },
  {
    name: 'allsource_append_latency_seconds',
    type: 'histogram',
    help: 'From the call of an append to its answer, all partitions.',
    labels: [],
    octaves: fine,
    read: scrape => [[[], scrape.partitions.map(({ partition }) => scrape.latenciesOf(partition))]],
  },
]

export const processMetrics: readonly MetricRow[] = [
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the process, all threads.',
    labels: [],
    read: ({ memory }) => one(memory.residentBytes),
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    help: 'Heap of the main thread in use.',
    labels: [],
    read: ({ memory }) => one(memory.heapBytes),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of the process, all threads.',
    labels: [],
    read: ({ cpuSeconds }) => one(cpuSeconds),
  },
]
