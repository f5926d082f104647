/** An explanation as text for a terminal, and as a Mermaid diagram for a page. */
import type { RowType } from '../operators/expressions/types.ts'
import type { ExplainedStep, Explanation } from './explain.ts'
import type { StepInput } from './plan.ts'

export function explanationText({ topology, version, workers, source, steps, crossings }: Explanation): string {
  const lines = [`topology ${topology}, version ${version}`, '', `source ${source.id}: ${source.reads}`]
  for (const { port, reads } of source.taps) lines.push(`  ${port}: ${reads}`)
  lines.push(`  decodes ${listText(source.decodes)}`, '')
  for (const step of steps) lines.push(...stepLines(step))
  lines.push('', 'threads')
  for (const { what, from, to, how } of crossings)
    lines.push(`  ${what}: ${from === to ? `within the ${from}` : `${from} → ${to}`}, ${how}`)
  lines.push(
    workers > 1
      ? `  rows between steps: as columns; within the pipeline worker, and within each of ${workers} lanes, the first of which is in its thread`
      : '  rows between steps: within one pipeline worker, as columns; no page crosses a thread',
  )
  return lines.join('\n')
}

function stepLines(step: ExplainedStep): string[] {
  const { id, operator, from, reads, row, key, inOrder, keeps, chain, splitBy, lanes, guarantee } = step
  const facts: [string, string | null][] = [
    ['from', from.map(inputText).join(', ')],
    ['reads', listText(reads)],
    ['columns', row === null ? null : columnsText(row)],
    ['key', key.length === 0 ? null : key.join(', ')],
    ['in order', inOrder.length === 0 ? null : `by ${inOrder.join(', ')}; a row waits behind a dead letter of its key`],
    ['keeps', keeps ?? 'nothing'],
    ['splits', splitBy === null ? null : splitText(splitBy)],
    ['lanes', lanes === null ? null : lanes === id ? 'begins a section of them' : `in the section of ${lanes}`],
    ['runs', chain === null ? null : `as one with the steps of run ${chain}`],
    ['promises', guarantee === null ? null : guarantee === 'exactlyOnce' ? 'exactly once' : 'at least once'],
  ]
  return [`${id} (${operator})`, ...facts.flatMap(([name, fact]) => (fact === null ? [] : [`  ${name.padEnd(9)}${fact}`]))]
}

function splitText(splitBy: readonly (readonly string[])[]): string {
  return `by ${[...new Set(splitBy.map(names => names.join(', ')))].join(' and ')}, among the lanes of --workers`
}

function listText(names: readonly string[]): string {
  if (names.length === 0) return 'no columns'
  // All columns of the data; those of the envelope are only there when somebody names them.
  return names.includes('*') ? ['all columns', ...names.filter(name => name.startsWith('$'))].join(', ') : names.join(', ')
}

/** The envelope's columns are there for every event; only those of the data are worth saying. */
function columnsText({ fields, isOpen }: RowType): string {
  const known = Object.entries(fields)
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, type]) => `${name} ${type}`)
  return [...known, ...(isOpen ? ['any others'] : [])].join(', ') || 'none'
}

function inputText({ step, port }: StepInput): string {
  return port === 'main' ? step : `${step}.${port}`
}

/** https://mermaid.js.org/syntax/flowchart.html: nodes are numbered, since ids of steps may hold anything. */
export function explanationMermaid({ source, steps }: Explanation): string {
  const names = new Map([source.id, ...steps.map(({ id }) => id)].map((id, number) => [id, `n${number}`]))
  const lines = ['flowchart LR', `  ${names.get(source.id) ?? ''}[("${quoted(source.id)}<br/>${quoted(source.reads)}")]`]
  const runs = Map.groupBy(
    steps.filter(({ chain }) => chain !== null),
    ({ chain }) => chain as number,
  )
  for (const step of steps) if (step.chain === null) lines.push(`  ${nodeText(step, names)}`)
  for (const [run, members] of runs) {
    lines.push(`  subgraph run${run}["runs as one"]`, ...members.map(step => `    ${nodeText(step, names)}`), '  end')
  }
  for (const { id, from } of steps) {
    for (const { step, port } of from) {
      const label = port === 'main' ? '' : `|"${quoted(port)}"|`
      lines.push(`  ${names.get(step) ?? ''} -->${label} ${names.get(id) ?? ''}`)
    }
  }
  return lines.join('\n')
}

function nodeText({ id, operator, keeps, guarantee }: ExplainedStep, names: ReadonlyMap<string, string>): string {
  const text = `${quoted(id)}<br/>${operator}${keeps === null ? '' : `<br/>keeps ${quoted(keeps)}`}`
  const name = names.get(id) ?? ''
  return guarantee === null ? `${name}["${text}"]` : `${name}(["${text}"])`
}

function quoted(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')
}
