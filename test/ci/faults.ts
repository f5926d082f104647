/** Starts the writer with a faulty disk under it, and looks at the store once the disk is well again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'

/** What the writer has to say at its end. */
export interface End {
  /** Of the first refusal of each lane. */
  readonly codes: readonly string[]
  /** Of appends after that. */
  readonly later: readonly string[]
  /** Events that could be read then. */
  readonly readable: number
}

export type Told = { readonly open: true } | { readonly acknowledged: string } | { readonly end: End } | { readonly failed: string }

export interface Written {
  readonly acknowledged: ReadonlySet<string>
  readonly end: End
  /** Lets the writer close. */
  stop(): Promise<void>
}

/** `opened` is called when the store is open: the moment to break the disk. */
export async function writeUntilRefused(command: readonly string[], opened: (child: ChildProcess) => void): Promise<Written> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  const acknowledged = new Set<string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told
    if ('open' in told) opened(child)
    else if ('acknowledged' in told) acknowledged.add(told.acknowledged)
    else if ('failed' in told) assert.unreachable(`the writer failed: ${told.failed}`)
    else return { acknowledged, end: told.end, stop: () => stop(child) }
  }
  throw new Error('the writer ended without a word')
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.stdin!.end()
  await exited
}

/** Writing has stopped, reading has not. */
export function expectStopped({ acknowledged, end }: Written): void {
  assert.ok(acknowledged.size > 0)
  for (const code of end.codes) assert.ok(['READ_ONLY', 'UNKNOWN_OUTCOME'].includes(code), code)
  assert.equal(end.later, ['READ_ONLY', 'READ_ONLY'])
  assert.ok(end.readable >= acknowledged.size, `${end.readable} of ${acknowledged.size} can be read`)
}

/** All that was acknowledged is there, the store is whole, and it takes appends again. */
export async function expectWhole(directory: string, acknowledged: ReadonlySet<string>): Promise<void> {
  const node = await openNode({ directory })
  const ids = new Set<string>()
  for await (const { id } of node.readAll()) {
    assert.not.ok(ids.has(id), `${id} is there twice`)
    ids.add(id)
  }
  for (const id of acknowledged) assert.ok(ids.has(id), `${id} was acknowledged`)
  assert.equal((await node.verify()).damage, [])
  await node.appendToStream('again', { type: 'again', data: 1 })
  await node.close()
}

/** True when the command works here; else the reason why a test is skipped. */
export function works(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0
}
