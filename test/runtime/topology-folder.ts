/** A folder with topologies, tables, functions and tests, for the tests of commands that work on files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Folder {
  readonly path: string
  write(name: string, ...lines: string[]): void
  remove(): void
}

/** `orders.yaml` with its tests, table and functions; others may be written beside them. */
export function topologyFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'allsource-topologies-'))
  const folder: Folder = {
    path,
    write: (name, ...lines) => writeFileSync(join(path, name), `${lines.join('\n')}\n`),
    remove: () => rmSync(path, { recursive: true }),
  }
  folder.write('allsource.json', '{ "partitions": 2, "shards": 1, "workers": 1, "limits": { "silentWorkerMs": 2000 } }')
  folder.write('customers.csv', 'id,country', 'ada,GB', 'bob,US')
  folder.write(
    'functions.ts',
    'export const isBig = ({ total }: { total: number }): boolean => total >= 100',
    'export const hangs = ({ total }: { total: number }): boolean => { while (total === 13); return true }',
    'export const exits = ({ total }: { total: number }): boolean => { if (total === 13) process.exit(7); return true }',
    'export const number = 5',
  )
  folder.write('orders.yaml', ...ordersYaml('functions.ts#isBig'))
  folder.write('orders.test.yaml', ...ordersTests)
  return folder
}

/** The topology with another function, for those that misbehave. */
export function ordersYaml(where: string): string[] {
  return [
    'topology: orders',
    'version: 1',
    'sources:',
    '  orders:',
    '    follow: { types: [order.placed] }',
    '    fields: { customer: text, total: number }',
    'tables:',
    '  customers: { file: customers.csv, key: id }',
    'steps:',
    '  - id: known',
    '    enrich: { table: customers, match: customer, take: [country] }',
    '  - id: big',
    `    filter: ./${where}`,
    'sinks:',
    '  announce: { from: big, append: { stream: large, type: order.large, data: [customer, total] } }',
    '  totals: { from: big, projection: { name: totals, key: [country, customer], value: [total] } }',
  ]
}

export const ordersTests: readonly string[] = [
  'tests:',
  '  - name: large orders are announced',
  '    given:',
  '      - { stream: order-1, type: order.placed, data: { customer: ada, total: 300 } }',
  '      - { stream: order-2, type: order.placed, data: { customer: bob, total: 13 } }',
  '      - { stream: order-3, type: order.placed, data: { customer: eve, total: 500 } }',
  '    expect:',
  '      outputs: { large: [{ type: order.large, data: { customer: ada, total: 300 } }] }',
  '      dead: [{ step: known, cause: eve }]',
  '  - name: small ones are not',
  '    given: [{ stream: order-1, type: order.placed, data: { customer: ada, total: 30 } }]',
  '    expect: { outputs: { large: [] } }',
]
