/**
 * The corpus of topology files: good ones, and bad ones whose first lines say exactly what is wrong with them.
 * `node test/topology/topology-corpus.ts` writes those lines anew; read the difference before you believe it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Finding, readTopologyText } from '../../topology/read/read.ts'

export const corpus = resolve(import.meta.dirname, '../corpora/topologies')

export interface CorpusFile {
  readonly name: string
  readonly path: string
  readonly text: string
}

export function corpusFiles(kind: 'good' | 'bad'): readonly CorpusFile[] {
  const names = readdirSync(join(corpus, kind)).filter(name => name.endsWith('.yaml'))
  return names.sort().map(name => {
    const path = join(corpus, kind, name)
    return { name: name.slice(0, -'.yaml'.length), path, text: readFileSync(path, 'utf8') }
  })
}

/** The lines `# expect: LINE:COLUMN rule message` at the start of a file, without their beginning. */
export function expectations(text: string): readonly string[] {
  return [...text.matchAll(/^\uFEFF?# expect: (.*?)\r?$/gm)].map(([, line = '']) => line)
}

export function expectation({ line, column, rule, message }: Finding): string {
  return `${line}:${column} ${rule} ${message}`
}

/** The file with the lines that it ought to begin with; they count as lines of the file themselves. */
function withExpectations(text: string): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.slice(mark.length).split(end)
  const body = lines.filter(line => !line.startsWith('# expect: ')).join(end)
  let head: readonly string[] = []
  for (let isNew = true; isNew;) {
    const made = mark + head.map(line => `# expect: ${line}${end}`).join('') + body
    const found = readTopologyText(made).findings.map(expectation)
    isNew = found.join('\n') !== head.join('\n')
    if (!isNew) return made
    head = found
  }
  return text
}

if (import.meta.main) {
  for (const { path, text } of corpusFiles('bad')) {
    const made = withExpectations(text)
    if (made === text) continue
    writeFileSync(path, made)
    console.log(`wrote ${path}`)
  }
}
