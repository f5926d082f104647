/** Makes docs/limits.md from the limits of the store and the comments above them. */
import { readFile } from 'node:fs/promises'
import { defaultLimits } from '../../event/limits.ts'

/** The comment above each limit in the source, so that a limit is explained in one place. */
async function comments(): Promise<ReadonlyMap<string, string>> {
  const source = await readFile(new URL('../../event/limits.ts', import.meta.url), 'utf8')
  return new Map([...source.matchAll(/\/\*\* (.*?) \*\/\n {2}(\w+):/g)].map(([, text = '', name = '']) => [name, text]))
}

/** `65536` is easier to read as `64 KiB` when the name says bytes. */
function inWords(name: string, value: number): string {
  const grouped = value.toLocaleString('en-US')
  if (!/bytes$/i.test(name)) return grouped
  for (const [unit, size] of [
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const)
    if (value % size === 0) return `${value / size} ${unit}`
  return `${grouped} bytes`
}

export async function generate(): Promise<ReadonlyMap<string, string>> {
  const about = await comments()
  const rows = Object.entries(defaultLimits).map(([name, value]) => `| \`${name}\` | ${inWords(name, value)} | ${about.get(name) ?? ''} |`)
  const page = `# Limits

<!-- Generated from event/limits.ts by \`npm run generate\`. -->

Every limit of the store by name, with its default. Others are given when a node is opened: \`openNode({ limits: { eventBytes: 65_536 } })\`.
What passes a limit is refused with its own error before anything is stored (\`TOO_LARGE\` with \`limit\` and \`actual\`; a full mailbox
is \`BUSY\`); equal passes.

| limit | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`
  return new Map([['docs/limits.md', page]])
}
