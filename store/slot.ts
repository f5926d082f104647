/**
 * Under which names a topology keeps what it keeps. A slot is a number behind the scope: what a topology is given anew as a whole – the rows of a
 * savepoint, those of a rebuild – is written into another slot while the one in use is read, and one event exchanges them.
 */
import { localName, type Scope, scopeOf } from '../event/scope.ts'
import type { Bytes } from './key-value.ts'
import {
  after,
  encodeTopologyRow,
  joinBytes,
  outboxNumber,
  outboxPrefix,
  prefixOf,
  readTopologyRow,
  rowKinds,
  scanPrefix,
  type StateStore,
  topologyKey,
} from './state.ts'

/** What stands before the stored names of a topology and its projections; the first slot has no number, as names had none before there were slots. */
export function slotScope(scope: Scope, slot = 0): Scope {
  return slot === 0 ? scope : `${scope}\u0002${slot}\u0002`
}

export interface StoredName {
  readonly scope: Scope
  /** 0 for the first. */
  readonly slot: number
  readonly name: string
}

export function readStoredName(stored: string): StoredName {
  const scope = scopeOf(stored)
  const local = localName(stored)
  if (local.charCodeAt(0) !== 2) return { scope, slot: 0, name: local }
  const end = local.indexOf('\u0002', 1)
  return { scope, slot: Number(local.slice(1, end)), name: local.slice(end + 1) }
}

/** Rows in slots that nobody uses: of a topology whose rows were being exchanged when the process ended. The first slot is not looked at. */
export function dropUnusedSlots(store: StateStore, isUsed: (stored: StoredName) => boolean): void {
  for (const kind of Object.values(rowKinds)) {
    let from: Bytes = Uint8Array.of(kind)
    for (;;) {
      const [key] = store.scan('state', { gte: from, lt: Uint8Array.of(kind + 1), limit: 1, cache: false }).keys
      if (key === undefined) break
      const stored = new TextDecoder().decode(key.subarray(3, 3 + ((key[1]! << 8) | key[2]!)))
      const prefix = prefixOf(kind, stored)
      from = after(prefix)
      const name = readStoredName(stored)
      if (name.slot !== 0 && !isUsed(name)) store.deleteRange('state', prefix, from)
    }
  }
}

/** What waits to be sent by one stored name is for another to send, behind what that has itself. Done again, it does nothing. */
export function moveOutbox(store: StateStore, from: string, to: string): void {
  const row = readTopologyRow(store, to)
  const waiting = [...scanPrefix(store, 'state', outboxPrefix(from))]
  if (waiting.length === 0 || row === undefined) return
  const batch = store.batch()
  let outbox = row.outbox
  for (const [number, request] of waiting) {
    batch.put('state', joinBytes(outboxPrefix(to), outboxNumber(++outbox)), request)
    batch.delete('state', joinBytes(outboxPrefix(from), number))
  }
  batch.put('meta', topologyKey(to), encodeTopologyRow({ ...row, outbox }))
  store.write(batch, { sync: true })
}
