/** The page of the cluster: every command on it works, with three servers and three nodes on this machine. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import { natsServer } from '../../scripts/nats-server.ts'
import { runPage } from '../examples/readme-commands.ts'

test('the commands of docs/cluster.md do what it says', async () => {
  const commands = mkdtempSync(join(tmpdir(), 'allsource-commands-'))
  symlinkSync(await natsServer(), join(commands, 'nats-server'))
  process.env['PATH'] = `${commands}${delimiter}${process.env['PATH']}`
  try {
    await runPage('docs/cluster.md', 180_000)
  } finally {
    rmSync(commands, { recursive: true })
  }
})

test.run()
