/** What a new version of a topology leaves behind goes: rows of steps that are gone or were made anew elsewhere, and of projections begun anew. */
import type { Bytes } from './key-value.ts'
import {
  after,
  encodeTopologyRow,
  indexPrefix,
  projectionPrefix,
  readTopologyRow,
  rowKinds,
  prefixOf,
  type StateStore,
  stepPrefix,
  topologyKey,
} from './state.ts'

/** Rows of one step under a version of their shape and a generation. */
export interface AliveStep {
  readonly step: string
  readonly stateVersion: number
  readonly generation?: number
}

/** Plain data: crosses a thread. */
export interface SettleVersion {
  readonly stored: string
  /** Number of the event that brought the version. */
  readonly revised: number
  readonly alive: readonly AliveStep[]
  /** Names of states of ours that go; those whose names begin with a `\0` are kept otherwise, whoever keeps them. */
  readonly dropped: readonly string[]
  /** Stored names of those that it writes. */
  readonly projections: readonly string[]
  /** Stored names of those that begin without a row. */
  readonly cleared: readonly string[]
  /** Single rows that go, of a state that all steps share. */
  readonly forgotten: readonly { readonly step: string; readonly stateVersion: number; readonly key: string }[]
}

/**
 * Called before a version folds its first row, and again after a crash: the row in `meta` says last that it was done. Once that is so, or before the
 * topology has written anything, it does nothing.
 */
export function settleVersion(store: StateStore, version: SettleVersion): void {
  const { stored, revised, projections, cleared, forgotten } = version
  const row = readTopologyRow(store, stored)
  if (row === undefined || row.revised === revised) return
  dropSteps(store, version)
  const gone = row.projections.filter(name => !projections.includes(name))
  for (const name of [...gone, ...cleared])
    for (const prefix of [projectionPrefix(name), indexPrefix(name)]) store.deleteRange('state', prefix, after(prefix))
  const batch = store.batch()
  for (const { step, stateVersion, key } of forgotten)
    batch.delete('state', Buffer.concat([stepPrefix(stored, step, stateVersion), Buffer.from(key)]))
  const kept = row.projections.filter(name => projections.includes(name))
  batch.put('meta', topologyKey(stored), encodeTopologyRow({ ...row, projections: kept, revised }))
  store.write(batch, { sync: true })
}

/** Looks from state to state, however many rows each has. */
function dropSteps(store: StateStore, { stored, alive, dropped }: SettleVersion): void {
  const kept = new Set(alive.map(({ step, stateVersion, generation }) => textOf(stepPrefix(stored, step, stateVersion, generation))))
  const all = prefixOf(rowKinds.step, stored)
  let from: Bytes = all
  for (;;) {
    const [key] = store.scan('state', { gte: from, lt: after(all), limit: 1, cache: false }).keys
    if (key === undefined) return
    const stepEnd = endOfName(key, all.length)
    const prefix = key.subarray(0, endOfName(key, stepEnd))
    const step = Buffer.from(key.subarray(all.length + 2, stepEnd)).toString()
    const isKept = step.startsWith('\0') ? !dropped.includes(step) : kept.has(textOf(prefix))
    from = after(prefix)
    if (!isKept) store.deleteRange('state', prefix, from)
  }
}

/** Where a name ends that stands behind its length. */
function endOfName(key: Bytes, at: number): number {
  return at + 2 + ((key[at]! << 8) | key[at + 1]!)
}

function textOf(prefix: Bytes): string {
  return Buffer.from(prefix).toString('latin1')
}
