/** A folder with a module of a projection that tests write again and again, as somebody does who works on it. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface ProjectionFolder {
  readonly path: string
  readonly module: string
  /** As editors do: a new file takes the place of the old one. */
  write(name: string, text: string): void
  remove(): void
}

const door = pathToFileURL(resolve(import.meta.dirname, '../../runtime/index.ts')).href

export function projectionFolder(): ProjectionFolder {
  const path = mkdtempSync(join(tmpdir(), 'allsource-projection-'))
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(path, 'parts'))
  return {
    path,
    module: join(path, 'counted.ts'),
    write(name, text) {
      writeFileSync(join(path, `${name}~`), text)
      renameSync(join(path, `${name}~`), join(path, name))
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

export interface CountedParts {
  readonly revision?: number
  /** What an event adds to `count`. */
  readonly step?: number | string
  readonly upgrade?: string
  readonly imports?: string
  readonly types?: string
}

/** Counts payments of each customer; `by` tells the code that made a row last. */
export function counted({ revision = 1, step = 1, upgrade, imports = '', types = "['paid']" }: CountedParts = {}): string {
  const lines = [
    `import { projection } from '${door}'`,
    imports,
    `export default projection<{ type: 'paid'; data: { customer: string; cents: number } }, { count: number; revision: number }>({`,
    `  name: 'counted',`,
    `  revision: ${revision},`,
    `  types: ${types},`,
    `  initial: { count: 0, revision: ${revision} },`,
    `  key: ({ data }) => data.customer,`,
    `  fold: ({ count }) => ({ count: count + ${step}, revision: ${revision} }),`,
    ...(upgrade === undefined ? [] : [`  upgrade: ${upgrade},`]),
    '})',
    '',
  ]
  return lines.join('\n')
}
