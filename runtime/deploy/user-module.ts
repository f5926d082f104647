/** Loads what users write: the module or file with a topology, and the modules that its functions are named in. */
import { createRequire } from 'node:module'
import { isAbsolute, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import { readTopology } from '../../topology/check.ts'
import { isProjection, projection as checkedProjection, topologyOfProjection } from '../../topology/projection.ts'
import { functionsOf, type Plan, planTopology } from '../../topology/plan.ts'
import type { Topology } from '../../topology/topology.ts'
import { placeOfFailure } from './module-failure.ts'
import { digestOf, type ModuleFiles, moduleFiles } from './module-graph.ts'
import { isTopologyFile, topologyOfFile } from './topology-file.ts'

/** Where a topology is, and what people call it. */
export interface NamedModule {
  readonly url: string
  /** As it was typed; a path where a URL of a file was given. */
  readonly shown: string
}

/** A module or file given as a URL, as the text of one, or as a path from the working directory. */
export function namedModule(module: URL | string): NamedModule {
  if (module instanceof URL) return { url: module.href, shown: fileOf(module.href) }
  if (typeof module !== 'string' || module === '')
    throw new EventStoreError('INVALID', 'deploy takes the URL or path of a module that exports a topology, or of a file that holds one', {
      field: 'module',
    })
  if (!/^[a-z][a-z0-9+.-]+:/i.test(module)) return { url: pathToFileURL(resolvePath(module)).href, shown: module }
  if (URL.canParse(module)) return { url: module, shown: fileOf(module) }
  throw new EventStoreError('INVALID', `${module} is neither a path nor a URL`, { field: 'module' })
}

/** As people know it: a path where it is a file. */
function fileOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}

/** Digests of the files of modules as this thread has imported them first; what is imported stays as it was. */
const imported = new Map<string, string>()

/** A module whose files have changed is imported anew; what it imports itself stays as it was in this thread. */
function freshUrl(url: string, digest: string): string {
  const first = imported.get(url) ?? digest
  imported.set(url, first)
  return first === digest ? url : `${url}${url.includes('?') ? '&' : '?'}${digest}`
}

/** INVALID, naming the file, the line where it is known, and the cause, when it can not be loaded. */
async function importModule(url: string, shown = fileOf(url), as?: string): Promise<Readonly<Record<string, unknown>>> {
  const files = moduleFiles(url)
  try {
    return (await import(freshUrl(url, as ?? digestOf(files)))) as Readonly<Record<string, unknown>>
  } catch (cause) {
    const place = placeOfFailure(cause, files)
    const where = place === undefined ? '' : ` (${place.file}:${place.line})`
    throw new EventStoreError(
      'INVALID',
      `${shown} can not be imported: ${cause instanceof Error ? cause.message : String(cause)}${where}`,
      { file: place?.file ?? shown, ...(place && { line: place.line }) },
      { cause },
    )
  }
}

/**
 * The value that `module#export` names, the module as seen from `from`; a name without a module is an export of `from`, which is taken as it was
 * when its digest was `as`, if this thread has imported it then.
 */
export async function resolveReference(reference: string, from: string, as?: string): Promise<unknown> {
  const hash = reference.lastIndexOf('#')
  const [path, name] = hash < 0 ? ['', reference] : [reference.slice(0, hash), reference.slice(hash + 1)]
  if (path === '' && isTopologyFile(from))
    throw new EventStoreError('INVALID', `${reference} names no module, and a file exports nothing; write ./module.ts${reference}`, {
      reference,
    })
  const url = urlFrom(path, from)
  const exported = await importModule(url, undefined, url === from ? as : undefined)
  if (!(name in exported))
    throw new EventStoreError('INVALID', `${fileOf(url)} exports no "${name}"; it exports ${namesIn(exported)}`, {
      file: fileOf(url),
      reference,
    })
  return exported[name]
}

/** The files of a module, or of the modules that a file with a topology names. */
export function filesOfPlan(module: string, plan: Pick<Plan, 'steps'>): ModuleFiles {
  const named = functionsOf(plan).flatMap(reference => {
    try {
      return urlFrom(reference.slice(0, reference.lastIndexOf('#')), module)
    } catch {
      return []
    }
  })
  return moduleFiles(...[module, ...named].filter(url => !isTopologyFile(url)))
}

/** Tells a module from what it is after a change; undefined for a file, which is not imported. */
export function digestOfModule(module: string): string | undefined {
  return isTopologyFile(module) ? undefined : digestOf(moduleFiles(module))
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

/** Reads or imports the topology, and plans it. */
export async function planOfModule(
  module: NamedModule | string,
  options: { readonly export?: string | undefined; readonly until?: 'head' | undefined },
): Promise<Plan> {
  const { url, shown } = typeof module === 'string' ? namedModule(module) : module
  const found = isTopologyFile(url)
    ? { topology: await topologyOnlyIn(url, { shown, export: options.export }) }
    : await exportedBy(url, shown, options.export)
  const plan = await blaming(shown, () =>
    planTopology(found.topology, {
      resolve: reference => resolveReference(reference, url),
      ...(options.until && { until: options.until }),
    }),
  )
  return { ...plan, ...('projection' in found && { projection: found.projection }) }
}

async function topologyOnlyIn(url: string, { shown, export: name }: { shown: string; export: string | undefined }): Promise<Topology> {
  if (name === undefined) return topologyOfFile(url, shown)
  throw new EventStoreError('INVALID', `${shown} is a file and exports nothing, so not "${name}" either`, { file: shown, field: 'export' })
}

type Exported = { readonly topology: Topology } & Pick<Plan, 'projection'>

async function exportedBy(url: string, shown: string, name = 'default'): Promise<Exported> {
  const exported = await importModule(url, shown)
  if (!(name in exported))
    throw new EventStoreError('INVALID', `${shown} has no export "${name}" with a topology; it exports ${namesIn(exported)}`, {
      file: shown,
    })
  const value = exported[name]
  return blaming(shown, async () => {
    if (!isProjection(value)) return { topology: readTopology(value) }
    const projection = { upgrades: value.upgrade !== undefined }
    return { topology: topologyOfProjection(checkedProjection(value), name), projection }
  })
}

/** What goes wrong names the file. */
async function blaming<Answer>(shown: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EventStoreError))
      throw new EventStoreError('INVALID', `${shown}: ${String(error)}`, { file: shown }, { cause: error })
    throw new EventStoreError(error.code, `${shown}: ${error.message}`, { ...error.details, file: shown }, { cause: error })
  }
}

function namesIn(exported: Readonly<Record<string, unknown>>): string {
  return Object.keys(exported).join(', ') || 'nothing'
}
