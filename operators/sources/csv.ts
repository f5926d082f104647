/** Reads CSV as RFC 4180 has it: quoted fields may hold commas, line ends and doubled quotes; every value is a text. */
import { EventStoreError } from '../../event/error.ts'

/** Rows of fields; an empty line is no row. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at)
    row.push(field.value)
    at = field.next
    if (text[at] === ',') {
      at++
      if (at === text.length) row.push('')
      else continue
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}

function plainField(text: string, start: number): { value: string; next: number } {
  let next = start
  while (next < text.length && text[next] !== ',' && text[next] !== '\n' && text[next] !== '\r') next++
  return { value: text.slice(start, next), next }
}

function quotedField(text: string, start: number): { value: string; next: number } {
  let value = ''
  let at = start + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw new EventStoreError('INVALID', 'a quoted field has no end', { offset: start })
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') {
      const after = text[quote + 1]
      if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r') {
        throw new EventStoreError('INVALID', `"${after}" stands behind a closing quote`, { offset: quote + 1 })
      }
      return { value, next: quote + 1 }
    }
    value += '"'
    at = quote + 2
  }
}

/** Objects named by the first row; INVALID when a row has another number of fields. */
export function csvRows(text: string): Record<string, string>[] {
  const [names, ...rows] = parseCsv(text)
  return rows.map((row, index) => {
    if (names === undefined || row.length !== names.length) {
      throw new EventStoreError('INVALID', `row ${index + 2} has ${row.length} fields, the first row has ${names?.length ?? 0}`, {
        row: index + 2,
      })
    }
    return Object.fromEntries(names.map((name, i) => [name, row[i] as string]))
  })
}
