/** A seat sold once: 64 clients at a time over kills of their process, and no sale that was acknowledged is lost. */
// Deadline: 300 s
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { type Sale, seatsOf, ways } from './seats.ts'

/** Sales after which the process is killed, a round each; the last one ends by itself. */
const kills = [1, 50, 90, Number.POSITIVE_INFINITY]
const nameOf = ({ show, seat }: Pick<Sale, 'show' | 'seat'>): string => `${show} ${seat}`

/** The sales that were acknowledged before the process was killed or ended. */
async function sellUntil(directory: string, round: number, sales: number): Promise<{ told: Sale[]; isKilled: boolean }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'seats-child.ts'), directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told: Sale[] = []
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(JSON.parse(line) as Sale)
    if (told.length === sales) child.kill('SIGKILL')
  }
  const [code, signal] = (await exited) as [number | null, string | null]
  if (signal !== 'SIGKILL') assert.is(code, 0)
  return { told, isKilled: signal === 'SIGKILL' }
}

/** What the log says in the end, against what was told. */
async function examine(node: Node, told: readonly Sale[]): Promise<void> {
  const sold = new Map<string, Sale[]>()
  for await (const { type, data } of node.readAll()) {
    if (type !== 'sold') continue
    const sale = data as Sale
    sold.set(nameOf(sale), [...(sold.get(nameOf(sale)) ?? []), sale])
  }
  const seats = ways.flatMap(way => seatsOf(way, kills.length - 1))
  for (const seat of seats) assert.is(sold.get(nameOf(seat))?.length, 1, nameOf(seat))
  assert.is(sold.size, seats.length)
  for (const sale of told) assert.equal(sold.get(nameOf(sale)), [sale])
  // Most were heard of; those in flight at a kill were perhaps not.
  assert.ok(told.length > seats.length / 2)
  // What several streams hold agrees, each under its own name.
  for (const { show, seat } of seatsOf('streams', kills.length - 1)) assert.is(await node.streamVersion(`{${show}}${seat}`), 1)
  for (const { show, seat } of seatsOf('key', kills.length - 1)) {
    const events = []
    for await (const event of node.readStream(`sold-${show}-${seat}`)) events.push(event)
    assert.equal(
      events.map(({ partitionKey, version }) => [partitionKey, version]),
      [[show, 1]],
    )
  }
  for (const show of new Set(seatsOf('key', kills.length - 1).map(each => each.show)))
    assert.is(await node.streamVersion(`hall-${show}`), 40)
  assert.equal((await node.verify()).damage, [])
}

test('each seat is sold once by 64 clients over kills, by conditions, by several streams and by given keys', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-seats-'))
  try {
    const told: Sale[] = []
    for (const [round, sales] of kills.entries()) {
      const sold = await sellUntil(directory, round, sales)
      assert.is(sold.isKilled, Number.isFinite(sales))
      told.push(...sold.told)
    }
    const node = await openNode({ directory, create: false })
    try {
      await examine(node, told)
    } finally {
      await node.close()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test.run()
