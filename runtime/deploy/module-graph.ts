/** The files that a module is made of: itself and what it imports by relative paths, each with a hash of what is in it now. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Path of each file with the hash of its text; empty for one that is not there or can not be read. */
export type ModuleFiles = ReadonlyMap<string, string>

/** A module that imports more files than this is not looked at further. */
const filesMax = 1000

/** The files that a module and others beside it are made of, as far as they are files of this machine. Never throws. */
export function moduleFiles(...urls: readonly string[]): ModuleFiles {
  const files = new Map<string, string>()
  const waiting = urls.flatMap(url => pathOf(url) ?? [])
  for (let path = waiting.pop(); path !== undefined && files.size < filesMax; path = waiting.pop()) {
    if (files.has(path)) continue
    const text = textOf(path)
    files.set(path, text === undefined ? '' : createHash('sha256').update(text).digest('base64url'))
    if (text !== undefined) waiting.push(...importsOf(text).map(specifier => resolve(dirname(path as string), specifier)))
  }
  return files
}

/** One text for all of them: another one when any file has changed. */
export function digestOf(files: ModuleFiles): string {
  const hash = createHash('sha256')
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${path}\n${text}\n`)
  return hash.digest('base64url')
}

function pathOf(url: string): string | undefined {
  try {
    const { protocol, href } = new URL(url)
    return protocol === 'file:' ? fileURLToPath(href) : undefined
  } catch {
    return undefined
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * Relative paths behind `from`, `import` and `import(`. A path in a comment or a text is taken for an import as well, which costs a look at a file
 * more; packages are left out: what is installed does not change under a running node.
 */
function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g)
  return Array.from(found, ([, , specifier = '']) => decoded(specifier.replace(/[?#].*$/, '')))
}

/** Specifiers are URLs. */
function decoded(specifier: string): string {
  try {
    return decodeURIComponent(specifier)
  } catch {
    return specifier
  }
}
