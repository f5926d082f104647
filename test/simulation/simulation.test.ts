/** The simulator: some seeds hold, a seed is the same each time, and what is simulated is what is shipped. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import { Random } from './random.ts'
import { runSeed } from './run-seed.ts'

test('whole clusters keep what they acknowledged, whatever goes wrong', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { wrong, operations } = await runSeed({ seed })
    assert.deepEqual(wrong, [], `npm run simulate -- --seed ${seed}`)
    assert.ok(operations.some(({ op, result }) => op === 'append' && result === 'ok'))
  }
})

test('a seed tells the same story each time', async () => {
  for (const seed of [3, 8]) {
    const stories: [string[], string[]] = [[], []]
    for (const story of stories) await runSeed({ seed, trace: line => story.push(line) })
    assert.ok(stories[0].length > 100)
    assert.deepEqual(stories[0], stories[1])
  }
})

/** What the simulator is about: it may use these, and never have its own. */
const shipped = {
  'process.ts': {
    '../../actors/reader.ts': ['allEvents', 'streamEvents'],
    '../../actors/router.ts': ['Router'],
    '../../cluster/member.ts': ['Member'],
    '../../event/stamp.ts': ['StampClock'],
    '../../runtime/cluster/between-nodes.ts': ['BetweenNodes'],
    '../../runtime/cluster/member-reports.ts': ['MemberReports'],
    '../../store/log/log-view.ts': ['LogView'],
  },
  'process-shard.ts': {
    '../../actors/local-port.ts': ['LocalPort'],
    '../../actors/replication/replication.ts': ['Replication'],
    '../../actors/shard.ts': ['ShardActor', 'commitToDisk'],
    '../../runtime/cluster/snapshot-wire.ts': ['fetchSnapshot'],
    '../../store/log/open-shard.ts': ['openShard'],
  },
} as const

test('the simulator puts together what is shipped and has none of it of its own', () => {
  const folder = new URL('./', import.meta.url)
  const sources = readdirSync(folder)
    .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map(name => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
  const taken = Object.entries(shipped).flatMap(([file, modules]) =>
    Object.entries(modules).map(([module, names]) => ({ file, module, names })),
  )
  for (const { file, module, names } of taken) {
    const { text } = sources.find(({ name }) => name === file)!
    const imported = new RegExp(`import \\{([^}]*)\\} from '${module.replaceAll('.', '\\.')}'`).exec(text)?.[1] ?? ''
    for (const name of names) {
      assert.match(imported, new RegExp(`\\b${name}\\b`), `${file} takes ${name} from ${module}`)
      const declared = new RegExp(`\\b(?:class|function|const|let) ${name}\\b`)
      for (const source of sources) assert.doesNotMatch(source.text, declared, `${source.name} has a ${name} of its own`)
    }
  }
})

test('chance of a seed is not that of another', () => {
  const first = Array.from({ length: 1_000 }, (_, seed) => new Random(seed).word())
  assert.equal(new Set(first).size, first.length)
})

test.run()
