/** The public door of allsource. */
export { openNode, type Node } from './node.ts'
export type { OpenOptions } from './options.ts'
export { errorCodes, type ErrorCode, EventStoreError, isEventStoreError } from '../event/error.ts'
export type { AppendResult, Durability, Encoding, Event, ExpectedVersion, NewEvent, Position, Sequence, Stamp, StreamId, Version } from '../event/event.ts'
export type * from '../event/event-store.ts'
export { defaultLimits, type Limits } from '../event/limits.ts'
