/** The page of the sensors example: every command on it works, and prints what the page says. */
import { test } from 'uvu'
import { runPage } from './readme-commands.ts'

test('the commands of examples/sensors/README.md do what it says', () => runPage('examples/sensors/README.md'))

test.run()
