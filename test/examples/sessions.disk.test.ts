/** The page of the sessions example: every command on it works, and prints what the page says. */
import { test } from 'uvu'
import { runPage } from './readme-commands.ts'

test('the commands of examples/sessions/README.md do what it says', () => runPage('examples/sessions/README.md'))

test.run()
