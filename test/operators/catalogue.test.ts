/** The lists of operators and aggregates, and their pages, are what their files say. */
// Deadline: 400 s
import { readFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { operators } from '../../operators/index.ts'
import { generate } from '../../scripts/generate/catalogue.ts'

const files = await generate()
const textOf = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8').catch(() => '')
/** Sources are formatted after they were made: only the words count. */
const words = (text: string): string => text.replace(/[\s,]+/g, '')

for (const [path, text] of files) {
  test(`${path} is fresh (else: npm run generate)`, async () => {
    assert.is(words(await textOf(path)), words(text))
  })
}

test('an operator is found under its own name', () => {
  for (const [name, { spec }] of Object.entries(operators)) assert.is(spec.name, name)
})

test.run()
