/** The routes of HTTP, each case over an address and over the unix socket. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { type Node, openNode } from '../../../runtime/index.ts'
import { type Address, ask } from './asking.ts'
import { type HttpCase, httpCases } from './http-cases.ts'

for (const way of ['http', 'socket'] as const) {
  const opened = Promise.withResolvers<{ node: Node; directory: string; address: Address }>()

  test(`over ${way}: the node opens`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-http-'))
    const node = await openNode({ directory, partitions: 4, shards: 1, workers: 1 })
    const { addresses } = await node.serve({ port: 0 })
    opened.resolve({ node, directory, address: addresses[way]! })
  })

  for (const one of httpCases.filter(({ over = way }) => over === way)) {
    test(`over ${way}: ${one.method ?? 'GET'} ${one.path.slice(0, 60)}: ${one.is}`, async () => {
      const { address } = await opened.promise
      prove(one, await ask(address, one))
    })
  }

  test(`over ${way}: the node closes`, async () => {
    const { node, directory } = await opened.promise
    await node.close()
    rmSync(directory, { recursive: true, force: true })
  })
}

function prove(one: HttpCase, { status, headers, text, json }: Awaited<ReturnType<typeof ask>>): void {
  assert.equal(status, one.status, text)
  const answer = json as { code?: string; details?: { field?: string } } & Record<string, unknown>
  const isProblem = status >= 400
  if (isProblem && one.method !== 'HEAD') {
    assert.match(headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal(answer['status'], status)
    assert.equal(typeof answer.code, 'string')
  }
  if (one.code !== undefined) assert.equal(answer.code, one.code)
  if (one.field !== undefined) assert.equal(answer.details?.field, one.field, text)
  for (const [name, value] of Object.entries(one.holds ?? {})) assert.deepEqual(answer[name], value, text)
  if (one.says !== undefined) assert.ok(text.includes(one.says), text)
  for (const [name, value] of Object.entries(one.headersHold ?? {})) assert.equal(headers[name], value)
}

test.run()
