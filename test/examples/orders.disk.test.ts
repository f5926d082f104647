/** The page of the orders example: every command on it works, and prints what the page says. */
import { test } from 'uvu'
import { runPage } from './readme-commands.ts'

test('the commands of examples/orders/README.md do what it says', () => runPage('examples/orders/README.md'))

test.run()
