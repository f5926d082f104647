/** Where the topology of a command line is: a file, and for a module perhaps one of its exports. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import type { TopologyPlace } from '../index.ts'

export const fileSummary =
  'A YAML file, or a TypeScript or JavaScript module whose default export is the topology; module.ts#name for another export.'

/** NOT_FOUND when there is no such file, INVALID for a directory. */
export function topologyPlace(given: string, workingDirectory: string): TopologyPlace {
  const whole = resolve(workingDirectory, given)
  const hash = given.lastIndexOf('#')
  if (hash <= 0 || isThere(whole)) return { url: pathToFileURL(existingFile(whole)).href }
  return { url: pathToFileURL(existingFile(resolve(workingDirectory, given.slice(0, hash)))).href, export: given.slice(hash + 1) }
}

/** The path of a file that is there. NOT_FOUND when it is not, INVALID for a directory. */
export function existingFile(path: string): string {
  if (!isThere(path)) throw new EventStoreError('NOT_FOUND', `there is no file ${path}`, { file: path })
  if (statSync(path).isDirectory()) throw new EventStoreError('INVALID', `${path} is a directory; name a file in it`, { file: path })
  return path
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
