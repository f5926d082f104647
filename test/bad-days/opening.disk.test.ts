/** What a store refuses to open as, and that it says why: another holder, another layout, another format, a file that is missing. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { failure, fill, flipBit, holder, inDirectory, layout, makeStore, onCopy, readAll, rewriteStoreFile, withNode } from './stores.ts'

const made = mkdtempSync(join(tmpdir(), 'allsource-opening-'))
let count = 0

test.before(async () => {
  await makeStore(made)
  await withNode({ directory: made, ...layout }, async node => {
    count = (await readAll(node)).length
  })
})

test.after(() => rmSync(made, { recursive: true, force: true }))

test('a second process is refused and told who holds the store', async () => {
  await onCopy(made, async directory => {
    const first = await holder(directory)
    const refused = await failure('LOCKED', () => openNode({ directory }))
    const evenWithLoss = await failure('LOCKED', () => openNode({ directory, acceptLoss: true }))
    await first.end()
    assert.is(refused.details['pid'], first.pid)
    assert.is(evenWithLoss.details['pid'], first.pid)
    await withNode({ directory }, async node => assert.is((await readAll(node)).length, count))
  })
})

test('a second node in this process is refused, and the first goes on', async () => {
  await onCopy(made, directory =>
    withNode({ directory }, async node => {
      await failure('LOCKED', () => openNode({ directory }))
      await fill(node, 1, 1000)
      assert.is((await readAll(node)).length, count + 1)
    }),
  )
})

test('the number of partitions and of shards is fixed', async () => {
  await onCopy(made, async directory => {
    assert.is((await failure('INCOMPATIBLE', () => openNode({ directory, partitions: 8 }))).details['field'], 'partitions')
    assert.is((await failure('INCOMPATIBLE', () => openNode({ directory, shards: 1 }))).details['field'], 'shards')
    await withNode({ directory, ...layout }, async node => assert.is((await readAll(node)).length, count))
  })
})

for (const format of [0, 2]) {
  test(`format ${format} is refused`, () =>
    onCopy(made, async directory => {
      rewriteStoreFile(directory, { format })
      assert.is((await failure('INCOMPATIBLE', () => openNode({ directory }))).details['actual'], format)
    }))
}

const missing: Readonly<Record<string, string>> = {
  'store.json': 'store.json',
  'a shard': 'shard-01',
  'the state': 'state',
  'a witness': 'witness-00',
  'a CURRENT': join('shard-00', 'CURRENT'),
}

for (const [name, path] of Object.entries(missing)) {
  test(`${name} that is missing is damage, and nothing is made in its place`, () =>
    onCopy(made, async directory => {
      rmSync(join(directory, path), { recursive: true })
      const { details } = await failure('DAMAGED', () => openNode({ directory }))
      assert.match(String(details['file']), path)
      assert.not.ok(existsSync(join(directory, path)))
      assert.not.ok(existsSync(join(directory, 'node.json')))
    }))
}

test('a flipped bit in store.json is damage and not another version', () =>
  onCopy(made, async directory => {
    flipBit(join(directory, 'store.json'), 12)
    await failure('DAMAGED', () => openNode({ directory }))
  }))

test('a directory whose making was cut off is made again', () =>
  inDirectory(async directory => {
    await makeStore(directory, 0)
    writeFileSync(join(directory, 'making'), '')
    rmSync(join(directory, 'witness-01'))
    rmSync(join(directory, 'shard-01'), { recursive: true })
    await withNode({ directory, partitions: 2, shards: 1 }, async node => {
      await fill(node, 3)
      assert.is((await node.stats()).partitions.length, 2)
    })
    assert.not.ok(existsSync(join(directory, 'making')))
    await withNode({ directory }, async node => assert.is((await readAll(node)).length, 3))
  }))

test('with create: false a directory without a store stays as it is', () =>
  inDirectory(async directory => {
    await failure('NOT_FOUND', () => openNode({ directory, create: false }))
    assert.equal(readdirSync(directory), [])
  }))

test('a file instead of a directory is refused', () =>
  inDirectory(async directory => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const error = await openNode({ directory: file }).then(
      () => null,
      (thrown: unknown) => thrown as Error & { code?: string },
    )
    assert.ok(error !== null && ['INVALID', 'READ_ONLY'].includes(error.code ?? ''), String(error))
  }))

test.run()
