/** The topology of `projection-lag`: the latest of each key. */
import { topology } from '../../topology/pipeline.ts'

export const latest = topology('latest', { version: 1 })
  .follow<{ readonly key: string; readonly number: number }>({ types: ['put'] })
  .projection({ id: 'rows', name: 'latest', key: ['key'], value: ['number'] })
