/** A node by itself pays nothing for clusters: what speaks to NATS is not even loaded, in any of its threads. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const hooks = `import { registerHooks } from 'node:module'
registerHooks({ resolve(name, context, next) {
  const found = next(name, context)
  if (/@nats-io|cluster[/]jetstream/.test(found.url)) process._rawDebug('LOADED ' + found.url)
  return found
} })`

test('a node by itself loads no client of NATS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-alone-'))
  const hooksFile = join(directory, 'hooks.mjs')
  const door = pathToFileURL(join(import.meta.dirname, '../../../runtime/index.ts')).href
  const script = `const { openNode } = await import(${JSON.stringify(door)})
const node = await openNode({ directory: ${JSON.stringify(join(directory, 'data'))} })
await node.appendToStream('order-1', { type: 'placed', data: 1 })
await node.serve({ port: 0 })
await node.close()
console.log('closed')`
  try {
    writeFileSync(hooksFile, hooks)
    const said = (code: string): string => {
      const file = join(directory, 'script.mjs')
      writeFileSync(file, code)
      const command = '"$0" --import "$1" "$2" 2>&1'
      return execFileSync('sh', ['-c', command, process.execPath, pathToFileURL(hooksFile).href, file], { encoding: 'utf8' })
    }
    assert.is(said(script), 'closed\n')
    const jetstream = pathToFileURL(join(import.meta.dirname, '../../../cluster/jetstream.ts')).href
    assert.match(said(`await import(${JSON.stringify(jetstream)})`), /LOADED/, 'what is loaded is seen')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test.run()
