/** A folder with a topology whose versions are written one over the other, and the functions of its steps. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Node } from '../../runtime/index.ts'

export interface VersionedFolder {
  readonly path: string
  readonly module: URL
  write(name: string, ...lines: string[]): URL
  remove(): void
}

export interface Shape {
  readonly version?: number
  readonly name?: string
  readonly types?: string
  /** Options of the fold besides `by`. */
  readonly fold?: string
  /** Lines before the fold, each a step. */
  readonly steps?: readonly string[]
  readonly from?: string
  readonly sinks?: readonly string[]
}

/** Payments added up by customer into a projection, each sum appended to a stream as well. */
export function sumsYaml(shape: Shape = {}): string[] {
  const {
    version = 1,
    name = 'sums',
    types = 'paid',
    fold = 'initial: { total: 0 }, with: ./sums.ts#add',
    steps = [],
    from = 'payments',
    sinks = ['  rows: { from: totals, projection: { name: sums, key: [customer], value: [total] } }', appended],
  } = shape
  return [
    `topology: ${name}`,
    `version: ${version}`,
    'sources:',
    `  payments: { follow: { types: [${types}] } }`,
    'steps:',
    ...steps,
    `  - { id: totals, from: ${from}, fold: { by: [customer], ${fold} } }`,
    'sinks:',
    ...sinks,
  ]
}

export const appended = '  told: { from: totals, append: { stream: sums, type: summed, data: [customer, total] } }'

export function versionedFolder(): VersionedFolder {
  const path = mkdtempSync(join(tmpdir(), 'allsource-versions-'))
  const folder: VersionedFolder = {
    path,
    module: pathToFileURL(join(path, 'sums.yaml')),
    write(name, ...lines) {
      writeFileSync(join(path, name), `${lines.join('\n')}\n`)
      return pathToFileURL(join(path, name))
    },
    remove: () => rmSync(path, { recursive: true }),
  }
  folder.write(
    'sums.ts',
    'type Total = { total: number }',
    'export const add = (state: Total, row: { cents: number }): Total => ({ total: state.total + row.cents })',
    'export const inEuros = (state: Total, row: { cents: number }) => ({ euros: (state as unknown as { euros: number }).euros + row.cents / 100 })',
    'export const toEuros = (state: Total) => ({ euros: state.total / 100 })',
    'export const fails = (_: Total, about: { key: unknown[] }) => { if (about.key[0] === "c3") throw new RangeError("not c3"); return _ }',
  )
  folder.write('sums.yaml', ...sumsYaml())
  return folder
}

/** `count` payments of 100 cents by five customers in turn. */
export async function payEach(node: Node, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => ({
    stream: `customer-${i % 5}`,
    event: { type: 'paid', data: { customer: `c${i % 5}`, cents: 100 } },
  }))
  await node.appendInOrder(items)
}
