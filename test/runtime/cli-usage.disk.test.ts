/** Lines with a mistake in them: refused before anything is opened, with a code, an exit, and a hint. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCodes } from '../../event/error.ts'
import { openNode } from '../../runtime/index.ts'
import { commands } from '../../runtime/ops/commands/index.ts'
import { records, typeHere } from './command-line.ts'

interface Mistake {
  readonly line: string
  readonly input?: string
  /** A word the answer must hold: the flag, the argument, or the name that was meant. */
  readonly names: string
}

const mistakes: readonly Mistake[] = [
  { line: 'raed order-1', names: 'read' },
  { line: 'deplyo x.ts', names: 'deploy' },
  { line: 'state', names: 'state get' },
  { line: 'state gett totals 1', names: 'did you mean state get?' },
  { line: 'state p', names: 'there are: state get, state list' },
  { line: 'dead-letters s', names: 'dead-letters show, dead-letters replay, dead-letters discard' },
  { line: 'state list p --where status', names: '--where' },
  { line: 'state list p --where status=open', names: '--where' },
  { line: 'read', names: '--all' },
  { line: 'read a b', names: '"b"' },
  { line: 'read a --all', names: '--all' },
  { line: 'read a --limt 5', names: '--limit' },
  { line: 'read a --limit', names: '--limit N' },
  { line: 'read a --limit zero', names: '--limit' },
  { line: 'read a --limit 0', names: '--limit' },
  { line: 'read a --limit 1 --limit 2', names: 'twice' },
  { line: 'read a --backwards=yes', names: '--backwards' },
  { line: 'read a --from 0', names: '--from' },
  { line: 'read a --from 1.2.3', names: '--from' },
  { line: 'read a --from end', names: '--from' },
  { line: 'read a --types x', names: '--types' },
  { line: 'read --all --to 5', names: '--to' },
  { line: 'read --all --from 5', names: '--from' },
  { line: 'read --all --types a,,b', names: '--types' },
  { line: 'read a --as-of yesterday', names: '--as-of' },
  { line: 'read a --as-of 2026-13-01', names: '--as-of' },
  { line: 'read a --data --json', names: '--data' },
  { line: 'follow a --from 1.2.3', names: '--from' },
  { line: 'follow --from 3', names: '--from' },
  { line: 'follow a --types x', names: '--types' },
  { line: 'append', names: '<stream>' },
  { line: 'append a --data {}', names: '--type' },
  { line: 'append a --type t --data {bad', names: '--data' },
  { line: 'append a --type t --data {} --expected -1', names: '--expected' },
  { line: 'append a --type t --data {} --expected newest', names: '--expected' },
  { line: 'append a --type t --data {} --durability paper', names: '--durability' },
  { line: 'append a --id x', names: '--id' },
  { line: 'append a', names: '--data' },
  { line: 'append a --type t', input: '\n \n', names: '--data' },
  { line: 'append a', input: '{"type":"t","data":1}\n{"type":', names: 'line 2' },
  { line: 'append a', input: '{"type":"t","data":1}\n\n[1]\n', names: 'line 3' },
  { line: 'append a', input: '{"amount":5}', names: '--type' },
  { line: 'append a', input: '{"type":"t","data":1,"tag":["x"]}', names: 'tags' },
  { line: 'append a', input: '{"type":"t"}', names: '"data"' },
  { line: 'append a', input: '{"type":5,"data":1}', names: '"type"' },
  { line: 'append a', input: '{"type":"t","data":1,"time":"soon"}', names: '"time"' },
  { line: 'append a', input: '{"type":"t","data":"%%","encoding":"bytes"}', names: '$bytes' },
  { line: 'append a --type t', input: '{"a":1}\nnull\nnil\n', names: 'line 3' },
  { line: 'state get totals', names: '<key>' },
  { line: 'state get totals JFK', names: `'"JFK"'` },
  { line: 'state list totals --prefix JFK', names: '--prefix' },
  { line: 'deploy x.ts --until noon', names: '--until' },
  { line: 'start --partitions 0', names: '--partitions' },
  { line: 'start --shards many', names: '--shards' },
  { line: 'start --config none.json', names: '--config' },
]

for (const { line, input, names } of mistakes) {
  test(`allsource ${line}${input === undefined ? '' : ` < ${JSON.stringify(input)}`}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'allsource-usage-'))
    try {
      const { exit, output, errors } = await typeHere(line, { workingDirectory: folder, ...(input === undefined ? {} : { input }) })
      assert.is(exit, 2)
      assert.is(output, '')
      assert.ok(errors.includes(names), `${names} is not named: ${errors}`)
      assert.not(existsSync(join(folder, 'data')))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('with --json a mistake is one line of JSON with its code', async () => {
  // `allsource state` is answered with help, not with an error.
  for (const { line, input } of mistakes.filter(one => one.line !== 'state')) {
    const { exit, errors } = await typeHere(`${line} --json`, input === undefined ? {} : { input })
    const [failure, ...more] = records(errors)
    assert.is(more.length, 0, errors)
    assert.equal([failure?.['code'], exit], ['INVALID', errorCodes.INVALID.exit])
    assert.type(failure?.['message'], 'string')
    assert.type(failure?.['details'], 'object')
  }
})

test('a command that only reads makes no store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'allsource-usage-'))
  const lines = ['read a', 'read --all', 'follow', 'state get p 1', 'state list p', 'topologies', 'undeploy t', 'verify', 'stats']
  try {
    for (const line of lines) {
      for (const data of ['', '--data elsewhere', `--data ${folder}`]) {
        const { exit, errors } = await typeHere(`${line} --json ${data}`, { workingDirectory: folder, openNode })
        assert.equal([line, exit, records(errors)[0]?.['code']], [line, errorCodes.NOT_FOUND.exit, 'NOT_FOUND'])
      }
    }
    assert.not(existsSync(join(folder, 'data')))
    assert.not(existsSync(join(folder, 'elsewhere')))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a file to deploy that is not there is named', async () => {
  const { exit, errors } = await typeHere('deploy nowhere.ts --json')
  assert.equal([exit, records(errors)[0]?.['code']], [1, 'NOT_FOUND'])
})

test('a mistake in the configuration stops every command before it opens anything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'allsource-usage-'))
  try {
    writeFileSync(join(folder, 'allsource.json'), '{ "partitons": 8 }')
    for (const line of ['start', 'read a', 'append a --type t --data {}', 'stats']) {
      const { exit, errors } = await typeHere(line, { workingDirectory: folder })
      assert.is(exit, 2)
      assert.match(errors, /allsource\.json: partitons .*partitions/)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('help is for every command, on stdout, with examples that begin with the command', async () => {
  for (const { name, examples } of commands) {
    const { exit, output, errors } = await typeHere(`${name} --help`)
    assert.equal([exit, errors], [0, ''])
    assert.ok(examples.length > 0)
    for (const { line } of examples) {
      assert.ok(output.includes(line))
      assert.ok(line.includes(`allsource ${name}`), line)
    }
    assert.is((await typeHere(`help ${name}`)).output, output)
    assert.is((await typeHere(`${name} -h`)).output, output)
  }
})

test('help and version need nothing else to be right', async () => {
  assert.is((await typeHere('--version')).output, '1.2.3\n')
  assert.is((await typeHere('--help')).exit, 0)
  assert.is((await typeHere('state --help')).exit, 0)
  assert.is((await typeHere('append --help --expected nonsense')).exit, 0)
  const nothing = await typeHere('')
  assert.equal([nothing.exit, nothing.output], [2, ''])
  assert.ok(nothing.errors.includes('Commands:'))
})

test.run()
