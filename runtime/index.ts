/** The public door of allsource. */
export { openNode } from './open-node.ts'
export type { Node } from './node.ts'
export type { OpenOptions } from './options.ts'
export { errorCodes, type ErrorCode, EventStoreError, isEventStoreError } from '../event/error.ts'
export type {
  AppendResult,
  Durability,
  Encoding,
  Event,
  ExpectedVersion,
  NewEvent,
  Position,
  Sequence,
  Stamp,
  StreamId,
  Version,
} from '../event/event.ts'
export type * from '../event/event-store.ts'
export { defaultLimits, type Limits } from '../event/limits.ts'
export type { Deployed, DeployOptions } from './deploy/deployer.ts'
export type { ProjectionReader, StateListOptions, StateRow } from './deploy/projection-reader.ts'
export type { TopologyStatus } from './deploy/status.ts'
export type { NodeStats, PartitionStats, VerifyReport } from './report.ts'
export * from '../topology/pipeline.ts'
export type { Column, NumberColumn, Page, Row, SliceColumn, TextColumn, BooleanColumn, ValueColumn } from '../operators/flow.ts'
export { columnOf } from '../operators/columns.ts'
export { pageOf } from '../operators/page.ts'
