/** What every registry must do. One proves itself in a line: `registryContract(test, { name, open })`. */
import assert from 'node:assert/strict'
import type { Registry, RegistryEntry } from '../../../cluster/registry.ts'
import { isEventStoreError } from '../../../event/error.ts'
import { type Hooks, type Register, register, until } from './scene.ts'

export interface RegistryMaker {
  readonly name: string
  /** One more client of the same registry; no key begins with `contract`. */
  open(): Promise<Registry>
}

interface Scene {
  readonly registry: Registry
  readonly other: Registry
  /** The begin of keys that nobody has used. */
  readonly prefix: string
  readonly open: () => Promise<Registry>
}

/** Registers every sentence. The clients are opened before the first and closed after the last. */
export function registryContract(test: Register & Hooks, maker: RegistryMaker): void {
  let registry: Registry | undefined
  let other: Registry | undefined
  let used = 0
  test.before(async () => {
    ;[registry, other] = await Promise.all([maker.open(), maker.open()])
  })
  test.after(async () => {
    await Promise.all([registry?.close(), other?.close()])
  })
  const scene = (): Scene => ({ registry: registry!, other: other!, prefix: `contract.${used++}.`, open: () => maker.open() })
  register(test, maker.name, { ...writes, ...watches }, scene)
}

/** A write that must be there: a conflict may say nothing, and then the key is still at the revision. */
async function written(registry: Registry, key: string, value: unknown, revision: number): Promise<number> {
  for (;;) {
    const write = await registry.write(key, value, revision)
    if (write.kind === 'written') return write.revision
    assert.equal((await registry.read(key))?.revision ?? 0, revision, `${key} was written by somebody else`)
  }
}

type Sentences = Readonly<Record<string, (scene: Scene) => Promise<void>>>

const writes: Sentences = {
  'a key is made at revision 0, and read by all': async ({ registry, other, prefix }) => {
    const key = `${prefix}a`
    assert.equal(await registry.read(key), null)
    const value = { text: 'ä', list: [1, null, true], inner: { n: 0.5 } }
    const revision = await written(registry, key, value, 0)
    assert.ok(revision > 0)
    assert.deepEqual(await other.read(key), { key, value, revision })
  },
  'a write at another revision is a conflict and changes nothing': async ({ registry, other, prefix }) => {
    const key = `${prefix}a`
    assert.deepEqual(await registry.write(key, 'wrong', 77), { kind: 'conflict' })
    assert.equal(await registry.read(key), null)
    const first = await written(registry, key, 1, 0)
    const second = await written(registry, key, 2, first)
    for (const revision of [0, first, second + 1]) assert.deepEqual(await other.write(key, 'wrong', revision), { kind: 'conflict' })
    assert.deepEqual(await other.read(key), { key, value: 2, revision: second })
  },
  'revisions rise with each write of any key': async ({ registry, other, prefix }) => {
    const revisions: number[] = []
    for (let n = 0; n < 6; n++) revisions.push(await written(n % 2 === 0 ? registry : other, `${prefix}${n}`, n, 0))
    assert.deepEqual(
      revisions,
      [...revisions].sort((one, next) => one - next),
    )
    assert.equal(new Set(revisions).size, 6)
  },
  'a list holds the keys that begin alike, each with its last value': async ({ registry, prefix }) => {
    for (const key of ['term.1', 'term.12', 'member.n1', 'term']) await written(registry, `${prefix}${key}`, key, 0)
    const again = await written(registry, `${prefix}term.1`, 'again', (await registry.read(`${prefix}term.1`))!.revision)
    const list = async (part: string): Promise<[string, unknown][]> =>
      (await registry.list(`${prefix}${part}`))
        .map(({ key, value }): [string, unknown] => [key.slice(prefix.length), value])
        .sort(([one], [next]) => (one < next ? -1 : 1))
    assert.deepEqual(await list('term.'), [
      ['term.1', 'again'],
      ['term.12', 'term.12'],
    ])
    assert.equal((await list('')).length, 4)
    assert.deepEqual(await list('nobody'), [])
    assert.equal((await registry.list(`${prefix}term.1`)).find(entry => entry.key === `${prefix}term.1`)?.revision, again)
  },
  'of two that write at the same revision at most one is told that it did': async ({ registry, other, prefix }) => {
    const key = `${prefix}a`
    let revision = 0
    let wins = 0
    for (let round = 0; wins < 30; round++) {
      const answers = await Promise.all([registry, other].map((each, index) => each.write(key, `${round}.${index}`, revision)))
      const winner = answers.findIndex(answer => answer.kind === 'written')
      assert.ok(answers.filter(answer => answer.kind === 'written').length <= 1, 'both were told')
      const found = await registry.read(key)
      if (winner === -1) assert.equal(found?.revision ?? 0, revision)
      else assert.deepEqual([found?.value, { kind: 'written', revision: found?.revision }], [`${round}.${winner}`, answers[winner]])
      revision = found?.revision ?? 0
      wins += winner === -1 ? 0 : 1
      assert.ok(round < 300, 'hardly any write is told')
    }
  },
  'a closed registry answers nobody': async ({ open, prefix }) => {
    const registry = await open()
    await registry.close()
    assert.equal((await registry.write(`${prefix}a`, 1, 0)).kind, 'unknown')
    const isClosed = (error: unknown): boolean => isEventStoreError(error, 'CLOSED') || isEventStoreError(error, 'UNREACHABLE')
    await assert.rejects(registry.read(`${prefix}a`), isClosed)
    await assert.rejects(registry.list(prefix), isClosed)
    await registry.close()
  },
}

const watches: Sentences = {
  'a watch tells what is there and then each write, in order of revision': async ({ registry, other, prefix }) => {
    const there = await written(registry, `${prefix}there`, 'old', 0)
    await written(registry, `${prefix}there`, 'new', there)
    const told: RegistryEntry[] = []
    const stop = other.watch(prefix, entry => told.push(entry))
    await until('what is there was told', () => told.some(entry => entry.value === 'new'))
    let revision = 0
    for (let n = 1; n <= 5; n++) revision = await written(registry, `${prefix}n`, n, revision)
    await until('each write was told', () => told.some(entry => entry.value === 5))
    stop()
    const once = told.filter((entry, index) => told.findIndex(each => each.revision === entry.revision) === index)
    assert.deepEqual(
      once.map(entry => entry.value),
      ['new', 1, 2, 3, 4, 5],
    )
    assert.deepEqual(
      told.map(entry => entry.revision),
      told.map(entry => entry.revision).sort((one, next) => one - next),
    )
  },
  'a watch tells of keys that begin alike, and of none once it is stopped': async ({ registry, other, prefix }) => {
    const mine: string[] = []
    const all: string[] = []
    const stop = other.watch(`${prefix}mine.`, entry => mine.push(entry.key))
    const stopAll = other.watch(prefix, entry => all.push(entry.key))
    await written(registry, `${prefix}other.1`, 1, 0)
    await written(registry, `${prefix}mine.1`, 1, 0)
    await until('the key was told', () => mine.length === 1 && all.length === 2)
    stop()
    await written(registry, `${prefix}mine.2`, 1, 0)
    await until('another watch has it', () => all.length === 3)
    stopAll()
    assert.deepEqual(mine, [`${prefix}mine.1`])
  },
}
