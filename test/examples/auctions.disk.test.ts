/** The page of the auctions example: every command on it works, and prints what the page says. */
import { test } from 'uvu'
import { runPage } from './readme-commands.ts'

test('the commands of examples/auctions/README.md do what it says', () => runPage('examples/auctions/README.md'))

test.run()
