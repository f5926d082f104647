/** What the parts of the reader share: the file, and what was found to be wrong with it. */
import type { OptionPath } from '../issue.ts'
import { pathText } from '../issue.ts'
import { hint } from '../nearest.ts'
import { isObject } from '../proof.ts'
import type { Finding, Rule } from './finding.ts'
import type { PlacePart, YamlDocument } from './tree.ts'

/** These say that something is not there, or too much; what stands beside it may be right or wrong. */
const blameless: ReadonlySet<Rule> = new Set<Rule>(['missing-key', 'missing-from', 'missing-operator', 'duplicate-key', 'duplicate-id'])

export class Reading {
  readonly document: YamlDocument
  readonly findings: Finding[] = []
  readonly #blamed = new Set<string>()

  constructor(document: YamlDocument) {
    this.document = document
    for (const finding of document.findings) this.#note(finding)
  }

  /** Says an error; not where one is known already, as it may follow from that. */
  say(path: OptionPath, rule: Rule, { message, ...part }: PlacePart & { readonly message: string }): void {
    if (!this.isBlamed(path)) this.#note({ severity: 'error', ...this.document.placeOf(path, part), path: pathText(path), rule, message })
  }

  /** Says a warning, at the key unless a part is named. */
  warn(path: OptionPath, rule: Rule, { message, ...part }: PlacePart & { readonly message: string }): void {
    const place = this.document.placeOf(path, Object.keys(part).length === 0 ? { key: true } : part)
    this.#note({ severity: 'warning', ...place, path: pathText(path), rule, message })
  }

  #note(finding: Finding): void {
    this.findings.push(finding)
    if (finding.severity === 'error' && !blameless.has(finding.rule)) this.#blamed.add(finding.path)
  }

  /** Something is known to be wrong at this place or above it, so that what follows from it need not be said. */
  isBlamed(path: OptionPath): boolean {
    return path.some((_, index) => this.#blamed.has(pathText(path.slice(0, index + 1))))
  }

  isSaid(message: string): boolean {
    return this.findings.some(finding => finding.message === message)
  }

  get hasErrors(): boolean {
    return this.findings.some(({ severity }) => severity === 'error')
  }
}

/** Keys that a mapping may have; `instead` says what to write for words of other programs. */
export interface KnownKeys {
  readonly keys: readonly string[]
  readonly instead?: Readonly<Record<string, string>>
}

/** Says which keys are unknown. */
export function unknownKeys(reading: Reading, path: OptionPath, { keys, instead = {} }: KnownKeys): void {
  const value = valueAt(reading.document.value, path)
  if (!isObject(value)) return
  for (const name of Object.keys(value)) {
    if (keys.includes(name)) continue
    const other = Object.hasOwn(instead, name) ? instead[name] : undefined
    if (other !== undefined) reading.say([...path, name], 'misplaced-key', { message: other, key: true })
    else reading.say([...path, name], 'unknown-key', { message: unknownKey(name, keys), key: true })
  }
}

export function unknownKey(name: string, keys: readonly string[]): string {
  const habit = isBooleanWord(name) ? ', which YAML 1.1 takes for true or false' : hint(name, keys)
  return `there is no key ${name} here${habit}${listed(keys)}`
}

/** ` (there are: a, b)`, unless there are too many to read. */
export function listed(names: readonly string[]): string {
  return names.length > 12 ? '' : ` (there are: ${names.join(', ') || 'none'})`
}

/** Words that YAML 1.1 takes for true or false, so that no key of ours is one of them. */
export function isBooleanWord(name: string): boolean {
  return /^(?:on|off|yes|no|y|n)$/i.test(name)
}

export function valueAt(value: unknown, path: OptionPath): unknown {
  let found = value
  for (const part of path) {
    if (Array.isArray(found) && typeof part === 'number') found = found[part] as unknown
    else if (isObject(found) && Object.hasOwn(found, part)) found = found[part]
    else return undefined
  }
  return found
}

/** How a value is called in a sentence: `a list`, `the text "x"`. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return JSON.stringify(value).slice(0, 60)
}
