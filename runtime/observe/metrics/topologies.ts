/** Metrics of topologies and of their steps. */
import { placeOf } from '../../../event/position.ts'
import { recordedOf } from '../../../event/stamp.ts'
import type { TopologyStatus } from '../../../event/topologies.ts'
import type { MetricRow, Scrape, Values } from './row.ts'

/** Undefined values are left out. */
function perTopology(read: (topology: TopologyStatus, nowMs: number) => number | undefined): (scrape: Scrape) => Values<number> {
  return ({ topologies, nowMs }) =>
    topologies.flatMap(({ tenant, status }) => {
      const value = read(status, nowMs)
      return value === undefined ? [] : [[[tenant, status.name], value] as const]
    })
}

function perStep(read: (step: TopologyStatus['steps'][number]) => number): (scrape: Scrape) => Values<number> {
  return ({ topologies }) =>
    topologies.flatMap(({ tenant, status }) =>
      status.steps.map(step => [[tenant, status.name, step.id, step.operator], read(step)] as const),
    )
}

/** How long ago the last event that was taken was recorded, while there are others to take. */
function lagSeconds({ lagEvents, position }: TopologyStatus, nowMs: number): number | undefined {
  if (lagEvents === 0) return 0
  return position === null ? undefined : Math.max(0, (nowMs - recordedOf(placeOf(position).stamp)) / 1000)
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

const statuses = ['running', 'paused', 'draining', 'ended', 'failed'] as const

export const topologyMetrics: readonly MetricRow[] = [
  {
    name: 'allsource_topology_status',
    type: 'gauge',
    help: '1 for the status that the topology has, 0 for the others.',
    labels: ['tenant', 'topology', 'status'],
    read: ({ topologies }) =>
      topologies.flatMap(({ tenant, status: { name, status } }) =>
        statuses.map(each => [[tenant, name, each], Number(status === each)] as const),
      ),
  },
  {
    name: 'allsource_topology_rows_in_total',
    type: 'counter',
    help: 'Rows taken from the sources since the deployment.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ rowsIn }) => rowsIn),
  },
  {
    name: 'allsource_topology_rows_out_total',
    type: 'counter',
    help: 'Rows that reached a sink.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ rowsOut }) => rowsOut),
  },
  {
    name: 'allsource_topology_state_rows',
    type: 'gauge',
    help: 'Rows in the state database, as found at most a minute ago.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ state }) => state?.rows),
  },
  {
    name: 'allsource_topology_state_bytes',
    type: 'gauge',
    help: 'Bytes of those rows with their keys.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ state }) => state?.bytes),
  },
  {
    name: 'allsource_topology_late_rows_total',
    type: 'counter',
    help: 'Rows that came after their window had closed.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ late }) => late),
  },
  {
    name: 'allsource_topology_suspect_rows_total',
    type: 'counter',
    help: 'Rows from further in the future than is believed.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ suspect }) => suspect),
  },
  {
    name: 'allsource_topology_dead_rows_total',
    type: 'counter',
    help: 'Rows that were given up.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ dead }) => dead),
  },
  {
    name: 'allsource_topology_lag_events',
    type: 'gauge',
    help: 'Events of the log not looked at yet; an upper bound when the topology follows only some.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ lagEvents }) => lagEvents),
  },
  {
    name: 'allsource_topology_lag_seconds',
    type: 'gauge',
    help: 'How long ago the last event taken was recorded, while others wait; else 0. Left out before the first.',
    labels: ['tenant', 'topology'],
    read: perTopology(lagSeconds),
  },
  {
    name: 'allsource_topology_epochs_total',
    type: 'counter',
    help: 'Epochs: writes of all that has changed.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ epoch }) => epoch),
  },
  {
    name: 'allsource_topology_epoch_duration_seconds',
    type: 'gauge',
    help: 'How long the last epoch took to be written; left out while nothing runs.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ lastEpochMs }) => seconds(lastEpochMs)),
  },
  {
    name: 'allsource_topology_watermark_timestamp_seconds',
    type: 'gauge',
    help: 'Event time before which nothing more is expected, in seconds since the epoch; left out before the first.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ watermark }) => seconds(watermark)),
  },
  {
    name: 'allsource_topology_waiting_deliveries',
    type: 'gauge',
    help: 'Webhooks that wait for their receivers.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ deliveries }) => deliveries?.waiting ?? 0),
  },
  {
    name: 'allsource_topology_held_keys',
    type: 'gauge',
    help: 'Keys whose rows wait behind a dead letter, at steps that keep them in order.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ held }) => held?.keys ?? 0),
  },
  {
    name: 'allsource_topology_held_letters',
    type: 'gauge',
    help: 'Dead letters of these keys: the first of each and those that wait behind it.',
    labels: ['tenant', 'topology'],
    read: perTopology(({ held }) => held?.letters ?? 0),
  },
  {
    name: 'allsource_step_rows_in_total',
    type: 'counter',
    help: 'Rows that a step took.',
    labels: ['tenant', 'topology', 'step', 'operator'],
    read: perStep(step => step.in),
  },
  {
    name: 'allsource_step_rows_out_total',
    type: 'counter',
    help: 'Rows that a step sent on.',
    labels: ['tenant', 'topology', 'step', 'operator'],
    read: perStep(step => step.out),
  },
  {
    name: 'allsource_step_late_rows_total',
    type: 'counter',
    help: 'Late rows of a step.',
    labels: ['tenant', 'topology', 'step', 'operator'],
    read: perStep(step => step.late),
  },
  {
    name: 'allsource_step_dead_rows_total',
    type: 'counter',
    help: 'Rows that a step gave up.',
    labels: ['tenant', 'topology', 'step', 'operator'],
    read: perStep(step => step.dead),
  },
  {
    name: 'allsource_step_busy_seconds_total',
    type: 'counter',
    help: 'How long a step has worked since its topology was started, in all lanes together.',
    labels: ['tenant', 'topology', 'step', 'operator'],
    read: perStep(step => (step.busyMs ?? 0) / 1000),
  },
]
