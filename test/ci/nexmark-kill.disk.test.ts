/** Nexmark queries on a node that is killed without warning in the middle of its work, and opened again until the end: the same answers. */
// Deadline: 900 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import type { NexmarkTask } from '../../bench/nexmark/child.ts'
import { queries } from '../../bench/nexmark/loops.ts'
import { runTask } from '../../bench/nexmark/runs.ts'
import { assertSame, setEvents } from '../bench/query-graphs.ts'

setEvents()
const events = Number(process.env['NEXMARK_EVENTS'])
/** Into the first pages, and some epochs later. */
const killsMs = [30, 90]

/** A join, slices, sessions, a table and exact distinct counts; the others by `npm run bench -- nexmark --kill`. */
const killed = ['q3', 'q5', 'q8', 'q11', 'q16', 'q19']

for (const query of queries.filter(name => killed.includes(name))) {
  test(`${query}, killed`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-nexmark-'))
    const task: NexmarkTask = { role: 'node', query, events, group: 1, workers: 1, epochMs: 20, pageRows: 64, directory }
    const left = [...killsMs]
    try {
      const { outcome } = await runTask(task, () => left.shift())
      assertSame(query, { rows: outcome.rows, sum: BigInt(outcome.sum) })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}

test.run()
