/** The page of HTTP: every command on it works, and answers what stands there. */
import { test } from 'uvu'
import { runPage } from '../examples/readme-commands.ts'

test('the commands of docs/http.md do what it says', () => runPage('docs/http.md'))

test.run()
