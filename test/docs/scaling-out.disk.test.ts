/** The page of scaling-out: every command on it works, kills included, and prints what stands there. */
import { test } from 'uvu'
import { runPage } from '../examples/readme-commands.ts'

test('the commands of docs/scaling-out.md do what it says', () => runPage('docs/scaling-out.md'))

test.run()
