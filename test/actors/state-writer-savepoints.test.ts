/** Savepoints as the state writer makes them: epochs wait, a disk that is full in the middle leaves nothing, and what is read back is what was saved. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EpochWrite, StateWriter } from '../../actors/state-writer.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import { EpochBytes } from '../../store/epoch-bytes.ts'
import { openMemory } from '../../store/memory.ts'
import { dropHalfSavepoints, readSavepoints } from '../../store/savepoint.ts'
import { dropUnusedSlots, moveOutbox, readStoredName, slotScope } from '../../store/slot.ts'
import {
  encodeTopologyRow,
  outboxNumber,
  outboxPrefix,
  projectionPrefix,
  readTopologyRow,
  rowKinds,
  scanPrefix,
  scanRange,
  type StateColumn,
  type StateStore,
  stepPrefix,
  topologyKey,
  type TopologyRow,
} from '../../store/state.ts'

const none = new Uint8Array(0)
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const openStore = (): StateStore => openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })

const rowOf = (more: Partial<TopologyRow> = {}): TopologyRow => ({
  deployment: 1,
  status: 'running',
  epoch: 3,
  place: { stamp: 40960, partition: 1, sequence: 2 },
  rows: 2,
  sequences: { 1: 2 },
  lanes: { 'told/0': 4 },
  outbox: 2,
  projections: ['sums'],
  counters: {},
  ...more,
})

/** An epoch of the topology `t` with `count` rows of state. */
function epochOf(count: number, value: string, row: Partial<TopologyRow> = {}): EpochWrite {
  const epoch = new EpochBytes()
  for (let i = 0; i < count; i++) epoch.put('state', stepPrefix('t', 'sum', 1), bytesOf(String(i)), bytesOf(value))
  epoch.put('state', projectionPrefix('sums'), bytesOf('key'), bytesOf(value))
  epoch.put('state', outboxPrefix('t'), outboxNumber(2), bytesOf(value))
  epoch.put('meta', topologyKey('t'), none, encodeTopologyRow(rowOf(row)))
  return { topology: 't', incarnation: 1, bytes: epoch.take() }
}

/** All rows of the database that are no savepoint's. */
function rowsOf(store: StateStore): string[] {
  const rows = scanRange(store, 'state', Uint8Array.of(rowKinds.step), Uint8Array.of(rowKinds.index + 1))
  return Array.from(rows, ([key, value]) => `${Buffer.from(key).toString('latin1')} ${Buffer.from(value).toString()}`)
}

test('epochs of the topology wait while it is copied, those of others do not', async () => {
  const store = openStore()
  const writer = new StateWriter(store)
  await writer.begin('t', 1)
  await writer.begin('u', 1)
  const large = 'x'.repeat(4096)
  await writer.write(epochOf(2000, large))
  const order: string[] = []
  const saving = writer.savepoint({ stored: 't', id: 'one', detail: { label: 'l' } }).then(saved => {
    order.push('saved')
    return saved
  })
  const mine = writer.write(epochOf(2000, 'new', { epoch: 4 })).then(() => order.push('mine'))
  const other = new EpochBytes()
  other.put('state', stepPrefix('u', 's', 1), bytesOf('k'), bytesOf('v'))
  await writer.write({ topology: 'u', incarnation: 1, bytes: other.take() }).then(() => order.push('other'))
  const saved = await saving
  await mine
  assert.equal(order, ['other', 'saved', 'mine'])
  assert.equal([saved.id, saved.row?.epoch, saved.rows, saved.detail], ['one', 3, 2002, { label: 'l' }])
  assert.ok(saved.bytes > 2000 * 4096)
  assert.equal(readSavepoints(store, 't'), [saved])
  const before = rowsOf(store)
  await writer.readBack({ stored: `${slotScope('', 1)}t`, id: 'one', row: saved.row })
  const restored = readTopologyRow(store, `${slotScope('', 1)}t`)
  assert.equal(restored, { ...rowOf(), projections: [`${slotScope('', 1)}sums`] })
  assert.is(rowsOf(store).length, before.length + 2002)
  // A start clears what nobody uses.
  dropUnusedSlots(store, ({ slot }) => slot !== 1)
  assert.equal(rowsOf(store), before)
})

test('a pipeline that was taken over writes nothing that waited for a copy', async () => {
  const store = openStore()
  const writer = new StateWriter(store)
  await writer.begin('t', 1)
  await writer.write(epochOf(1000, 'x'.repeat(4096)))
  const saving = writer.savepoint({ stored: 't', id: 'one', detail: null })
  const waiting = writer.write(epochOf(1, 'late'))
  await writer.begin('t', 2)
  assert.ok(isEventStoreError(await waiting.catch((error: unknown) => error), 'CLOSED'))
  await saving
  assert.is(readTopologyRow(store, 't')?.epoch, 3)
})

test('a disk that is full in the middle is READ_ONLY for all, and leaves no savepoint', async () => {
  const store = openStore()
  let writesLeft = Number.POSITIVE_INFINITY
  const failing: StateStore = new Proxy(store, {
    get(target, name) {
      if (name === 'write')
        return (...write: Parameters<StateStore['write']>) => {
          if (writesLeft-- <= 0) throw new EventStoreError('READ_ONLY', 'the disk is full')
          target.write(...write)
        }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
  const writer = new StateWriter(failing)
  await writer.begin('t', 1)
  await writer.write(epochOf(2000, 'x'.repeat(4096)))
  const before = rowsOf(store)
  writesLeft = 3
  const codeOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: EventStoreError) => error.code)
  assert.is(await codeOf(writer.savepoint({ stored: 't', id: 'one', detail: null })), 'READ_ONLY')
  assert.is(await codeOf(writer.write(epochOf(1, 'more'))), 'READ_ONLY')
  assert.is(await codeOf(writer.dropSavepoint('t', 'one')), 'READ_ONLY')
  assert.equal([readSavepoints(store, 't'), rowsOf(store)], [[], before])
  const copied = () => store.scan('state', { gte: Uint8Array.of(5), lt: Uint8Array.of(6) }).keys.length
  assert.ok(copied() > 0)
  dropHalfSavepoints(store)
  assert.is(copied(), 0)
  assert.equal(rowsOf(store), before)
})

test('what waits in an outbox moves behind what another sends, once', async () => {
  const store = openStore()
  const writer = new StateWriter(store)
  const to = `${slotScope('', 2)}t`
  await writer.begin('t', 1)
  await writer.write(epochOf(1, 'waits'))
  const other = new EpochBytes()
  other.put('meta', topologyKey(to), none, encodeTopologyRow(rowOf({ outbox: 7 })))
  await writer.begin(to, 1)
  await writer.write({ topology: to, incarnation: 1, bytes: other.take() })
  await writer.moveOutbox('t', to)
  moveOutbox(store, 't', to)
  assert.is(readTopologyRow(store, to)?.outbox, 8)
  assert.equal(Buffer.from(store.get('state', Buffer.concat([outboxPrefix(to), outboxNumber(8)]))!).toString(), 'waits')
  assert.equal([...scanPrefix(store, 'state', outboxPrefix('t'))], [])
})

test('stored names tell scope, slot and name', () => {
  for (const [scope, slot, name] of [
    ['', 0, 'sums'],
    ['', 12, 'sums'],
    ['\0acme\0', 3, 'a\u00fc'],
  ] as const)
    // prettier-ignore
    assert.equal(readStoredName(slotScope(scope, slot) + name), { scope, slot, name })
})

test.run()
