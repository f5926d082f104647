/** The guides: every command on their pages works, and prints what stands there. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { runPage } from '../examples/readme-commands.ts'

const guides = 'docs/guides'

for (const page of readdirSync(join(import.meta.dirname, '../..', guides)).filter(name => name.endsWith('.md')))
  test(`the commands of ${guides}/${page} do what it says`, () => runPage(`${guides}/${page}`))

test.run()
