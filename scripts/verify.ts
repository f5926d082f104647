/** `npm run verify`: every check of the house, one after another; all of them run, so that one failure does not hide the next. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'

interface Check {
  readonly name: string
  readonly says: string
  readonly command: readonly [string, ...string[]]
  /** Shown to people whose check failed. */
  readonly mend: string
}

const checks: readonly Check[] = [
  { name: 'format', says: 'sources are formatted', command: ['npm', 'run', '-s', 'format:check'], mend: 'npm run format' },
  { name: 'lint', says: 'no floating promises, no any', command: ['npm', 'run', '-s', 'lint'], mend: 'npm run lint -- --fix' },
  { name: 'types', says: 'types hold', command: ['npm', 'run', '-s', 'types'], mend: 'npm run types' },
  { name: 'arrows', says: 'rooms import what they may', command: ['npm', 'run', '-s', 'arrows'], mend: 'see .dependency-cruiser.mjs' },
  {
    name: 'catalogue',
    says: 'generated pages are fresh',
    command: ['npm', 'run', '-s', 'generate', '--', '--check'],
    mend: 'npm run generate',
  },
  { name: 'tidy', says: 'taste', command: ['node', 'test/tidy.test.ts'], mend: 'the message names file and line' },
  { name: 'tests', says: 'all tests, contracts too', command: ['npm', 'test', '-s'], mend: 'npm test -- NAME' },
]

async function passes({ command: [program, ...words] }: Check): Promise<boolean> {
  const child = spawn(program, words, { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

const { values } = parseArgs({ options: { without: { type: 'string', multiple: true, default: [] } } })
const failed: Check[] = []
let passed = 0
for (const check of checks) {
  if (values.without.includes(check.name)) continue
  console.log(`\n── ${check.name}: ${check.says}`)
  if (await passes(check)) passed++
  else failed.push(check)
}
console.log('')
for (const check of failed) console.log(`${check.name} failed; to see or mend it: ${check.mend}`)
console.log(`${passed} passed, ${failed.length} failed`)
process.exitCode = failed.length > 0 ? 1 : 0
