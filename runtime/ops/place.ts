/** Where the topology of a command line is: a file, and for a module perhaps one of its exports. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import type { TopologyPlace } from '../index.ts'

export const fileSummary =
  'A YAML file, or a TypeScript or JavaScript module whose default export is the topology; module.ts#name for another export.'

/** NOT_FOUND when there is no such file. */
export function topologyPlace(given: string, workingDirectory: string): TopologyPlace {
  const whole = resolve(workingDirectory, given)
  if (existsSync(whole)) return { url: pathToFileURL(whole).href }
  const hash = given.lastIndexOf('#')
  const path = hash > 0 ? resolve(workingDirectory, given.slice(0, hash)) : whole
  if (!existsSync(path)) throw new EventStoreError('NOT_FOUND', `there is no file ${path}`, { file: path })
  return { url: pathToFileURL(path).href, export: given.slice(hash + 1) }
}
