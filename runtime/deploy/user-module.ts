/** Loads the modules of users: the one that exports a topology, and those that its functions are named in. */
import { createRequire } from 'node:module'
import { isAbsolute, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import { readTopology } from '../../topology/check.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'

/** The URL of a module given as a URL, as the text of one, or as a path from the working directory. */
export function moduleUrl(module: URL | string): string {
  if (module instanceof URL) return module.href
  if (typeof module !== 'string' || module === '')
    throw new EventStoreError('INVALID', 'deploy takes the URL or path of a module that exports a topology', { field: 'module' })
  return /^[a-z][a-z0-9+.-]+:/i.test(module) ? module : pathToFileURL(resolvePath(module)).href
}

/** As people know it: a path where it is a file. */
function fileOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}

/** INVALID, naming the file and the cause, when it can not be loaded. */
async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new EventStoreError(
      'INVALID',
      `${fileOf(url)} can not be imported: ${cause instanceof Error ? cause.message : String(cause)}`,
      { file: fileOf(url) },
      { cause },
    )
  }
}

/** The value that `module#export` names, the module as seen from `from`; a name without a module is an export of `from`. */
export async function resolveReference(reference: string, from: string): Promise<unknown> {
  const hash = reference.lastIndexOf('#')
  const [path, name] = hash < 0 ? ['', reference] : [reference.slice(0, hash), reference.slice(hash + 1)]
  const url = urlFrom(path, from)
  const exported = await importModule(url)
  if (!(name in exported))
    throw new EventStoreError('INVALID', `${fileOf(url)} exports no "${name}"; it exports ${namesIn(exported)}`, {
      file: fileOf(url),
      reference,
    })
  return exported[name]
}

function urlFrom(path: string, from: string): string {
  if (path === '') return from
  if (isAbsolute(path)) return pathToFileURL(path).href
  if (path.startsWith('.') || /^[a-z][a-z0-9+.-]+:/i.test(path)) return new URL(path, from).href
  try {
    return pathToFileURL(createRequire(from).resolve(path)).href
  } catch (cause) {
    throw new EventStoreError('INVALID', `no package "${path}" is found from ${fileOf(from)}`, { file: fileOf(from) }, { cause })
  }
}

/** Imports a module and plans the topology it exports. */
export async function planOfModule(
  url: string,
  options: { readonly export?: string | undefined; readonly until?: 'head' | undefined },
): Promise<Plan> {
  const name = options.export ?? 'default'
  const exported = await importModule(url)
  if (!(name in exported))
    throw new EventStoreError('INVALID', `${fileOf(url)} has no export "${name}" with a topology; it exports ${namesIn(exported)}`, {
      file: fileOf(url),
    })
  try {
    const topology = readTopology(exported[name])
    return await planTopology(topology, {
      resolve: reference => resolveReference(reference, url),
      ...(options.until && { until: options.until }),
    })
  } catch (error) {
    if (!(error instanceof EventStoreError))
      throw new EventStoreError('INVALID', `${fileOf(url)}: ${String(error)}`, { file: fileOf(url) }, { cause: error })
    throw new EventStoreError(error.code, `${fileOf(url)}: ${error.message}`, { ...error.details, file: fileOf(url) }, { cause: error })
  }
}

function namesIn(exported: Readonly<Record<string, unknown>>): string {
  return Object.keys(exported).join(', ') || 'nothing'
}
