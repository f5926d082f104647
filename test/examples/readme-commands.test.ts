/** How a page is cut into files, commands and outputs, and when an output is as it is shown. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isShown, mistakeOf, partsOfPage } from './readme-commands.ts'

const page = `# Page

<!-- file: a/one.yaml -->
\`\`\`yaml
topology: one
\`\`\`

\`\`\`sh
# a remark
allsource lint one.yaml # exit 1
allsource append s \\
  --type t
\`\`\`

It says

\`\`\`text
1 error …
\`\`\`

<!-- not run: it needs the registry -->
\`\`\`sh
npm install allsource
\`\`\`

\`\`\`text
a drawing
\`\`\`
`

test('files, commands with their exit codes and outputs come in the order of the page', () => {
  const [file, lint, append, output, ...more] = partsOfPage(page)
  assert.equal(file, { kind: 'file', line: 4, name: 'a/one.yaml', content: 'topology: one\n' })
  assert.equal(lint, { kind: 'command', line: 10, text: 'allsource lint one.yaml # exit 1', exit: 1 })
  assert.equal(append, { kind: 'command', line: 11, text: 'allsource append s \\\n  --type t', exit: 0 })
  assert.equal(output, { kind: 'output', line: 17, lines: ['1 error …'], commands: [lint, append] })
  assert.equal(more, [])
})

test('a block that is not closed is said', () => {
  assert.throws(() => partsOfPage('```sh\nallsource stats\n'), /line 1/)
})

test('shown lines stand together in the output, and … stands for what is between', () => {
  const output = 'one  1\ntwo  2 \nthree (3)\nfour\n'
  assert.ok(isShown(['one  1', 'two  2'], output))
  assert.ok(isShown(['two…', '…', 'four'], output))
  assert.ok(isShown(['one  1', '…', 'two  2'], output), 'also for nothing')
  assert.not.ok(isShown(['one  1', 'three (3)'], output))
  assert.not.ok(isShown(['wo  2'], output), 'a line is shown from its beginning')
  assert.not.ok(isShown(['two'], output), 'and to its end')
  assert.not.ok(isShown(['three .3.'], output))
  assert.not.ok(isShown(['four', 'five'], output))
})

test('another exit code, another output and a command that was never run are mistakes', () => {
  const parts = partsOfPage(page)
  const commands = parts.filter(part => part.kind === 'command')
  const [output] = parts.filter(part => part.kind === 'output')
  const ran = new Map(commands.map((command, at) => [command, { exit: 1 - at, output: '1 error in it\n' }]))
  assert.equal(
    parts.map(part => mistakeOf(part, ran)),
    parts.map(() => undefined),
  )
  assert.match(mistakeOf(commands[0]!, new Map([[commands[0]!, { exit: 0, output: '' }]])) ?? '', /ended with 0, not 1/)
  assert.match(mistakeOf(commands[0]!, new Map()) ?? '', /not run/)
  assert.match(mistakeOf(output!, new Map()) ?? '', /not as shown/)
})

test.run()
