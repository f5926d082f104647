/** The page about versions of topologies: every command on it works, and prints what stands there. */
// Deadline: 300 s
import { test } from 'uvu'
import { runPage } from '../examples/readme-commands.ts'

test('the commands of docs/upgrading-topologies.md do what it says', () => runPage('docs/upgrading-topologies.md', 270_000))

test.run()
