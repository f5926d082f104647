/** The baseline of durable appends: the product's own blocks written by group to plain files, one thread and one file a shard. */
import { Worker } from 'node:worker_threads'
import { siblingModule } from '../event/module-url.ts'

export interface PlainFileOptions {
  readonly threads: number
  readonly seconds: number
  readonly compress: boolean
  /** Events written by one writev and one fdatasync. */
  readonly groupEvents: number
  /** Events that share a block because they came in one request: 1 makes the names of a block as many as its events. */
  readonly requestEvents: number
}

/** What one thread is told. */
export interface PlainFileTask extends Omit<PlainFileOptions, 'threads'> {
  readonly path: string
}

/** What one thread answers. */
export interface PlainFileResult {
  readonly perSecond: number
  readonly bytesPerSecond: number
  /** Share of the time spent in writev and fdatasync. */
  readonly inDisk: number
}

/** Writes in `directory` for some seconds; the rates are sums over the threads. */
export async function plainFile(directory: string, { threads, ...rest }: PlainFileOptions): Promise<PlainFileResult> {
  const results = await Promise.all(
    Array.from({ length: threads }, (_, thread) => write({ ...rest, path: `${directory}/plain-${thread}` })),
  )
  const sum = (of: (result: PlainFileResult) => number): number => results.reduce((total, result) => total + of(result), 0)
  return { perSecond: sum(one => one.perSecond), bytesPerSecond: sum(one => one.bytesPerSecond), inDisk: sum(one => one.inDisk) / threads }
}

function write(task: PlainFileTask): Promise<PlainFileResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(siblingModule(import.meta.url, './plain-file-thread'), { workerData: task })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
