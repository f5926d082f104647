/** Fills the store with three hours of a web shop, one of its visitors a machine: `node examples/sessions/fill.ts`. Run again, it adds nothing. */
import { openNode } from '../../runtime/index.ts'

interface PageViewed {
  readonly type: 'page.viewed'
  /** `at`: ISO 8601. */
  readonly data: { readonly visitor: string; readonly path: string; readonly at: string }
}

const start = Date.parse('2026-03-02T18:00:00Z')
const secondMs = 1000
const minuteMs = 60 * secondMs
const pages = ['/pens', '/paper', '/lamps', '/chairs', '/sale', '/help']

/** Numbers from 0 to 1 that look like chance and are always the same (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function view(visitor: string, path: string, at: number): PageViewed {
  return { type: 'page.viewed', data: { visitor, path, at: new Date(at).toISOString() } }
}

/** Twenty visitors come once or twice, look at some pages, and a few of them buy. */
function visits(random: () => number): PageViewed[] {
  const views: PageViewed[] = []
  for (let number = 1; number <= 20; number++) {
    const visitor = `v${String(number).padStart(2, '0')}`
    let at = start + Math.floor(random() * 60) * minuteMs
    for (let visit = random() < 0.4 ? 2 : 1; visit > 0; visit--) {
      const path = [
        '/',
        ...Array.from({ length: 1 + Math.floor(random() * 6) }, () => pages[Math.floor(random() * pages.length)] as string),
      ]
      if (random() < 0.3) path.push('/cart', '/thanks')
      for (const page of path) views.push(view(visitor, page, (at += Math.round(20 + random() * 200) * secondMs)))
      at += Math.round(45 + random() * 30) * minuteMs
    }
  }
  return views
}

/** A hundred pages, one each second, a while after the others have begun. */
function crawl(): PageViewed[] {
  const at = start + 40 * minuteMs
  return Array.from({ length: 100 }, (_, second) => view('crawler', pages[second % pages.length] as string, at + second * secondMs))
}

function* inOrder(): Generator<{ stream: string; event: PageViewed }> {
  const views = [...visits(randomFrom(7)), ...crawl()]
  for (const event of views.sort((a, b) => (a.data.at < b.data.at ? -1 : 1))) yield { stream: `visitor-${event.data.visitor}`, event }
}

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data' })
try {
  const isFilled = (await node.streamVersion('visitor-crawler')) > 0
  const { events } = isFilled ? { events: 0 } : await node.appendInOrder<PageViewed>(inOrder())
  console.log(`${events} events stored`)
} finally {
  await node.close()
}
