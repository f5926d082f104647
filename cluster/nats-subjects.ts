/** The names a cluster has in NATS, in one place, so that permissions can name them. */
import { EventStoreError } from '../event/error.ts'

const PREFIX = 'ALLSOURCE'
/** Streams of a log at most; what was taken when a cluster is made stays. */
const STREAMS_MAX = 4

/** Streams for a log that is made: few, because each has a leader that elects, and more than one, because each syncs one after another. */
export const streamsFor = (partitions: number): number => Math.min(STREAMS_MAX, partitions)

/** Throws INVALID: the name is one word of a subject and part of the names of streams. */
export function checkClusterName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,47}$/.test(name)) return
  throw new EventStoreError('INVALID', `The name of a cluster is 1 to 48 letters, digits and dashes, not "${name}".`, { field: 'name' })
}

export const streamOf = (name: string, index: number): string => `${PREFIX}_${name}_LOG_${index}`
export const logSubject = (name: string, partition: number): string => `allsource.${name}.log.${partition}`
export const busSubject = (name: string, subject: string): string => `allsource.${name}.bus.${subject}`
export const bucketOf = (name: string): string => `${PREFIX}_${name}`
export const bucketStream = (name: string): string => `KV_${bucketOf(name)}`
export const keySubject = (name: string, key: string): string => `$KV.${bucketOf(name)}.${key}`
/** Answers to requests come here; a cluster's own, so that permissions need not open those of others. */
export const inboxOf = (name: string): string => `_INBOX.${name}`

/** The partition of a subject of the log. */
export const partitionOf = (subject: string): number => Number(subject.slice(subject.lastIndexOf('.') + 1))

/** The stream a partition lies in. */
export const streamIndexOf = (partition: number, streams: number): number => partition % streams

/** The subjects of one stream of the log. */
export function subjectsOf(name: string, index: number, { streams, partitions }: { streams: number; partitions: number }): string[] {
  const subjects: string[] = []
  for (let partition = index; partition < partitions; partition += streams) subjects.push(logSubject(name, partition))
  return subjects
}
