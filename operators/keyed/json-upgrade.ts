/** New state of old for steps whose state by key is JSON: a function of the user is called with each state. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { StateUpgrade, UpgradeContext } from '../operator.ts'
import { exactValue } from './exact.ts'
import { type Json, jsonFormat, jsonOf } from './json-state.ts'
import { KeyReader } from './key-bytes.ts'
import { keyRow, meaningRow, unsortedRow } from './keyed-state.ts'

export interface JsonUpgradeOptions {
  /** `module#export` */
  readonly reference: string
  /** What the saved values are to mean. */
  readonly meaning: Readonly<Record<string, unknown>>
  /** Throws when a state is none of the step. */
  check(state: Json): void
  /** Where the state is a part of what is saved; the whole of it when left out. */
  readonly part?: StatePart
}

export interface StatePart {
  /** Undefined when there is none to be made new. */
  of(saved: Uint8Array): Json | undefined
  /** What is saved from now on; undefined for nothing. */
  into(saved: Uint8Array, state: Json | undefined): Uint8Array | undefined
}

/** What the function is told about a state. */
export interface UpgradedKey {
  readonly key: readonly unknown[]
  /** Of the state as it was saved. */
  readonly schemaVersion: number
}

/** `(state, { key, schemaVersion }) => state`; undefined forgets the key. Throws INVALID, with the key, for what can not be a state. */
export async function jsonUpgrade(context: UpgradeContext, { reference, meaning, check, part }: JsonUpgradeOptions): Promise<StateUpgrade> {
  const upgrade = await context.resolve(reference)
  if (typeof upgrade !== 'function')
    throw new EventStoreError('INVALID', `${reference} must be a function of a state`, { option: 'upgrade', reference })
  const call = upgrade as (state: Json, about: UpgradedKey) => unknown
  const writer = new ByteWriter()
  const valueOf = (text: Uint8Array, key: readonly unknown[]): Uint8Array | undefined => {
    try {
      context.beat()
      const before = part === undefined ? jsonFormat.read(new ByteReader(text)) : part.of(text)
      if (before === undefined) return text
      const made = call(before, { key, schemaVersion: context.schemaVersion })
      if (made === undefined) return part?.into(text, undefined)
      const state = jsonOf(made)
      check(state)
      if (part !== undefined) return part.into(text, state)
      jsonFormat.write(state, writer)
      return writer.take()
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      throw new EventStoreError('INVALID', `${reference} of the key ${JSON.stringify(key)}: ${what}`, { key, reference }, { cause })
    }
  }
  return function* (rows) {
    let fields = 0
    for (const [row, value] of rows) {
      if (row[0] === meaningRow[0]) {
        const saved = JSON.parse(new ByteReader(value).text()) as SavedMeaning
        fields = saved.key.length
        yield [row, newMeaning(value, saved)]
        continue
      }
      const key = keyOf(row, fields)
      const made = key === undefined ? value : valueOf(value, key)
      if (made !== undefined) yield [row, made]
    }
  }

  /** The key stays what it is. */
  function newMeaning(saved: Uint8Array, { key, ...before }: SavedMeaning): Uint8Array {
    if (isDeepStrictEqual(before, meaning)) return saved
    writer.text(JSON.stringify({ key, ...meaning }))
    return writer.take()
  }
}

interface SavedMeaning {
  readonly key: readonly string[]
}

/** Undefined for a row of no key. */
function keyOf(row: Uint8Array, fields: number): readonly unknown[] | undefined {
  if (row[0] === keyRow) return new KeyReader(row).key(fields)
  if (row[0] !== unsortedRow[0]) return undefined
  const reader = new ByteReader(row)
  reader.byte()
  return exactValue(reader.text()) as unknown[]
}
