/** Makes the table of functions in docs/expressions.md from the functions themselves; the rest of the page is written by hand. */
import { readFile } from 'node:fs/promises'
import { functionGroups } from '../../operators/expressions/functions/index.ts'
import type { FunctionSpec } from '../../operators/expressions/functions/spec.ts'

const page = 'docs/expressions.md'
const start = '<!-- Generated from operators/expressions/functions by `npm run generate`. -->'
const end = '<!-- End of what is generated. -->'

/** Forms of one function stand in one row: those that say nothing of themselves belong to the one before. */
function rowsOf(functions: readonly FunctionSpec[]): string {
  const rows: { signatures: string[]; about: string }[] = []
  for (const { signature, about } of functions) {
    const last = rows.at(-1)
    if (about === '' && last !== undefined) last.signatures.push(signature)
    else rows.push({ signatures: [signature], about })
  }
  return rows
    .map(({ signatures, about }) => `| ${signatures.map(each => `\`${each}\``).join('<br>')} | ${about.replaceAll('|', '\\|')} |`)
    .join('\n')
}

export async function generate(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8')
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${page} must hold ${start} and ${end}`)
  const tables = Object.entries(functionGroups).map(
    ([group, functions]) => `### ${group}\n\n| function | gives |\n| --- | --- |\n${rowsOf(functions)}\n`,
  )
  return new Map([[page, `${text.slice(0, from + start.length)}\n\n${tables.join('\n')}\n${text.slice(to)}`]])
}
