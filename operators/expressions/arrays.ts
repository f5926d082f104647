/** Arrays as text: `{a,"b c",NULL}`, as Postgres reads and writes them. */
import { rowFault } from './fault.ts'
import { shown } from './numbers.ts'

/** The elements as texts; null where NULL stands without quotes. */
export function parseArray(text: string): (string | null)[] {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1]
  if (inner === undefined) throw malformed(text)
  if (inner.trim() === '') return []
  const elements: (string | null)[] = []
  const element = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"\s*|((?:[^",{}\\]|\\[\s\S])+?))(,|$)/y
  while (element.lastIndex <= inner.length) {
    const match = element.exec(inner)
    if (match === null) throw malformed(text)
    const [, quoted, plain = '', comma] = match
    const trimmed = plain.trim()
    if (quoted === undefined && trimmed === '') throw malformed(text)
    elements.push(quoted === undefined && /^null$/i.test(trimmed) ? null : (quoted ?? trimmed).replaceAll(/\\([\s\S])/g, '$1'))
    if (comma === '') break
  }
  return elements
}

function malformed(text: string): Error {
  return rowFault(`${shown(text)} is no array; write it like {a,b}`)
}

export function arrayText(elements: readonly unknown[]): string {
  const texts = elements.map(element => {
    if (element === null || element === undefined) return 'NULL'
    const text = String(element as string)
    return text === '' || /[\s",{}\\]/.test(text) || /^null$/i.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text
  })
  return `{${texts.join(',')}}`
}
