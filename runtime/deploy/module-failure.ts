/** Where a module that can not be imported is wrong: the file and the line, as far as what was thrown tells. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ModuleFiles } from './module-graph.ts'

export interface FailurePlace {
  /** Path. */
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** Checking a file for syntax alone takes a moment; one that takes longer is left. */
const checkMs = 5000

/** Undefined when it is nowhere in these files. */
export function placeOfFailure(error: unknown, files: ModuleFiles): FailurePlace | undefined {
  if (!(error instanceof Error)) return undefined
  const { stack = '', message } = error
  return placeIn(stack, files) ?? placeOfImport(message) ?? (error instanceof SyntaxError ? placeOfSyntax(files) : undefined)
}

/** `path:line` before the message where the text itself is wrong, else the first frame of the user's. */
function placeIn(stack: string, files: ModuleFiles): FailurePlace | undefined {
  for (const [, url = '', line = ''] of stack.matchAll(/((?:file:\/\/)?\/[^\s()?]+?)(?:\?[\w-]*)?:(\d+)/g)) {
    const file = pathOf(url)
    if (file !== undefined && files.has(file)) return { file, line: Number(line) }
  }
  return undefined
}

function pathOf(text: string): string | undefined {
  try {
    return text.startsWith('file:') ? fileURLToPath(text) : text
  } catch {
    return undefined
  }
}

/** A file that is imported and is not there: the line that imports it. */
function placeOfImport(message: string): FailurePlace | undefined {
  const [, missing, file] = /^Cannot find (?:module|package) '([^']+)' imported from (\S+)/.exec(message) ?? []
  if (missing === undefined || file === undefined) return undefined
  const path = pathOf(file) ?? file
  const name = missing.split('/').at(-1) ?? missing
  const lines = linesOf(path)
  const index = lines.findIndex(line => line.includes(name) && /\b(?:from|import)\b/.test(line))
  return index < 0 ? undefined : { file: path, line: index + 1 }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}

/** The engine keeps the line of a syntax error in plain JavaScript to itself; Node prints it. */
function placeOfSyntax(files: ModuleFiles): FailurePlace | undefined {
  for (const file of files.keys()) {
    if (!/\.[cm]?js$/.test(file)) continue
    const { stderr, status } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: checkMs })
    const place = status === 1 ? placeIn(stderr, files) : undefined
    if (place !== undefined) return place
  }
  return undefined
}
