/** The tables of docs/monitoring.md, made from the table of metrics. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { metricTable } from '../../runtime/observe/metric-table.ts'

const root = resolve(import.meta.dirname, '..', '..')
const page = 'docs/monitoring.md'
const [begin, end] = ['<!-- metrics: made by `npm run generate` -->', '<!-- end of metrics -->']

const titles: { readonly [Group in keyof typeof metricTable]: string } = {
  node: 'The node',
  partitions: 'Partitions',
  shards: 'Shards',
  topologies: 'Topologies and their steps',
  cluster: 'The cluster, on a node that belongs to one',
  process: 'The process',
}

export async function generate(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(root, page), 'utf8')
  const before = text.slice(0, text.indexOf(begin) + begin.length)
  const after = text.slice(text.indexOf(end))
  return new Map([[page, `${before}\n\n${Object.entries(metricTable).map(tableOf).join('\n\n')}\n\n${after}`]])
}

function tableOf([group, rows]: [string, (typeof metricTable)[keyof typeof metricTable]]): string {
  const lines = rows.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map(label => `\`${label}\``).join(' ')} | ${help} |`,
  )
  return [
    `### ${titles[group as keyof typeof metricTable]}`,
    '',
    '| metric | type | labels |  |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}
