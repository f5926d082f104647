/** The page of the bank example: every command on it works, and prints what the page says. */
import { test } from 'uvu'
import { runPage } from './readme-commands.ts'

test('the commands of examples/bank/README.md do what it says', () => runPage('examples/bank/README.md'))

test.run()
