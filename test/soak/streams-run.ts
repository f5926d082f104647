/** A random topology on a node that is killed again and again, at named points and at any moment, against the same undisturbed in one lane. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FailPoint, failPoints } from '../../event/fail-points.ts'
import { Chance } from '../topology/random-logs.ts'
import { randomCase } from '../topology/random-cases.ts'
import { runOnNode } from '../topology/random-nodes.ts'
import { difference, type Results } from '../topology/random-runs.ts'

const child = fileURLToPath(new URL('streams-child.ts', import.meta.url))
const killsMost = 4
const lifeMsMost = 120_000

export interface StreamsRun {
  readonly seed: number
  readonly kills: number
  /** Points at which lives have ended. */
  readonly points: readonly FailPoint[]
  /** What differs; undefined when all is well. */
  readonly trouble?: string
}

interface Life {
  readonly text: string
  readonly errors: string
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
}

interface Cut {
  readonly point?: string
  readonly afterMs?: number
}

function live(args: readonly string[], { point, afterMs = lifeMsMost }: Cut): Promise<Life> {
  const env = { ...process.env, ...(point !== undefined && { ALLSOURCE_FAIL_POINTS: point }) }
  const process_ = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', child, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', errors: '' }
  process_.stdout.on('data', bytes => (texts.out += String(bytes)))
  process_.stderr.on('data', bytes => (texts.errors += String(bytes)))
  const timer = setTimeout(() => process_.kill('SIGKILL'), afterMs)
  return new Promise(resolve =>
    process_.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ text: texts.out, errors: texts.errors, signal, code })
    }),
  )
}

/** Half of the lives end at a point, the others at some moment. */
function cutOf(chance: Chance): Cut & { readonly name?: FailPoint } {
  if (chance.is(0.35)) return { afterMs: 300 + chance.below(1200) }
  const name = chance.oneOf([...failPoints])
  const often = name.startsWith('exchange') || name.startsWith('outbox')
  return { name, point: `${name}:${1 + chance.below(often ? 12 : 3)}=kill` }
}

export async function streamsRun(seed: number): Promise<StreamsRun> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-streams-'))
  const chance = new Chance(seed)
  const points: FailPoint[] = []
  let kills = 0
  const done = (trouble?: string): StreamsRun => ({ seed, kills, points, ...(trouble !== undefined && { trouble }) })
  try {
    const one = randomCase(seed, { forNode: true })
    const whole = await runOnNode(seed, one, { pageRows: 4096, epochMs: 1000 })
    const imported = await live([directory, String(seed), '0'], {})
    if (imported.code !== 0) return done(`the import failed: ${imported.errors}`)
    for (let life = 0; ; life++) {
      const cut = life < killsMost ? cutOf(chance) : {}
      const { text, errors, signal, code } = await live([directory, String(seed), String(1 + chance.below(4))], cut)
      if (signal === 'SIGKILL' && (cut.point !== undefined || cut.afterMs !== undefined)) {
        kills++
        if ('name' in cut && cut.name) points.push(cut.name)
        continue
      }
      if (code !== 0) return done(`life ${life} (${JSON.stringify(cut)}) ended with ${code ?? signal}: ${errors}`)
      const { results, error } = JSON.parse(text) as { results: Results; error?: string }
      if (error !== undefined) return done(`life ${life} (${JSON.stringify(cut)}) failed: ${error}`)
      return done(difference(whole, results))
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
