/** The page of exactly-once: every command on it works, kills included, and prints what stands there. */
// Deadline: 400 s
import { test } from 'uvu'
import { runPage } from '../examples/readme-commands.ts'

test('the commands of docs/exactly-once.md do what it says', () => runPage('docs/exactly-once.md'))

test.run()
