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
  '../../actors/replication/replication.ts': ['Replication'],
  '../../actors/router.ts': ['Router'],
  '../../cluster/member.ts': ['Member'],
  '../../actors/shard.ts': ['ShardActor', 'commitToDisk'],
  '../../actors/local-port.ts': ['LocalPort'],
  '../../actors/reader.ts': ['streamEvents'],
  '../../store/log/open-shard.ts': ['openShard', 'hashesOf'],
  '../../store/log/log-view.ts': ['LogView'],
  '../../event/stamp.ts': ['StampClock'],
} as const

test('the simulator puts together what is shipped and has none of it of its own', () => {
  const folder = new URL('./', import.meta.url)
  const sources = readdirSync(folder)
    .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map(name => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
  const node = sources.find(({ name }) => name === 'process.ts')!.text
  for (const [module, names] of Object.entries(shipped)) {
    const imported = new RegExp(`import (?:type )?\\{([^}]*)\\} from '${module.replaceAll('.', '\\.')}'`).exec(node)?.[1] ?? ''
    for (const name of names) {
      assert.match(imported, new RegExp(`\\b${name}\\b`), `process.ts takes ${name} from ${module}`)
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
