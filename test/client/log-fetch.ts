/** A log of one stream behind a `fetch`: pages and follows as a node answers them, with connections that break where a test says. */
import type { FetchAnswer } from '../../client/fetch.ts'
import { positionOf } from '../../event/position.ts'
import { answer, type Asked, type Scripted, streamed } from './scripted-fetch.ts'

export interface LogScript {
  /** Bytes after which the n-th connection of a follow breaks; one without a number stays. */
  readonly breaks?: readonly number[]
  /** Most events of a page, whatever is asked for. */
  readonly pageMost?: number
}

const place = (version: number): string => positionOf(version * 4096, 0, version)

function line(version: number, size: number): string {
  const at = { stream: 's', version, partition: 0, sequence: version, stamp: version * 4096, position: place(version) }
  const times = { recorded: '2020-01-01T00:00:00.000Z', time: '2020-01-01T00:00:00.000Z' }
  return JSON.stringify({ id: `i-${version}`, type: 'a', ...at, ...times, encoding: 'json', data: { n: version, fill: 'ü'.repeat(size) } })
}

/** Events 1 to `count` whose data are of `sizes`, in turn. */
export function logFetch(
  count: number,
  sizes: readonly number[],
  { breaks = [], pageMost = Number.POSITIVE_INFINITY }: LogScript = {},
): Scripted {
  const text = (version: number): string => line(version, sizes[version % sizes.length] ?? 0)
  let follows = 0
  return asked => {
    const { pathname, searchParams } = new URL(asked.url)
    const isStream = pathname.startsWith('/v1/streams/') || searchParams.has('stream')
    if (pathname === '/v1/streams/s') return answer(200, JSON.stringify({ stream: 's', version: count }))
    const from = searchParams.get('from')
    if (pathname === '/v1/follow') return followAnswer(firstVersion(from, isStream), { count, text, cut: breaks[follows++] })
    return page(asked, { count, text, pageMost, isStream })
  }
}

/** Versions are inclusive, positions exclusive. */
function firstVersion(from: string | null, isStream: boolean): number {
  if (from === null) return 1
  return isStream ? Math.max(1, Number(from)) : Number(from.split('.')[3]) + 1
}

interface Lines {
  readonly count: number
  readonly text: (version: number) => string
}

function followAnswer(first: number, { count, text, cut }: Lines & { cut: number | undefined }): FetchAnswer {
  let body = '\n'
  for (let version = first; version <= count; version++)
    body += `${text(version)}\n${version % 3 === 0 ? `{"position":"${place(version)}"}\n` : ''}`
  const bytes = new TextEncoder().encode(body)
  const kept = cut === undefined ? bytes : bytes.subarray(0, cut % (bytes.length + 1))
  const chunks: Uint8Array[] = []
  for (let at = 0, size = 1; at < kept.length; at += size, size = (size * 7) % 997) chunks.push(kept.subarray(at, at + size))
  return streamed(chunks, cut !== undefined && cut % 2 === 0)
}

function page({ url }: Asked, { count, text, pageMost, isStream }: Lines & { pageMost: number; isStream: boolean }): FetchAnswer {
  const query = new URL(url).searchParams
  const backwards = query.get('direction') === 'backwards'
  const to = Number(query.get('to') ?? query.get('as_of')?.split('.')[3] ?? count)
  const limit = Math.min(Number(query.get('limit')), pageMost)
  const start = backwards ? count : firstVersion(query.get('from'), isStream)
  const versions: number[] = []
  for (let version = start; versions.length < limit && version <= to && version > 0; version += backwards ? -1 : 1) versions.push(version)
  const last = versions.at(-1) ?? to
  const next = backwards || last >= to ? null : isStream ? last + 1 : place(last)
  return answer(200, `{"events":[${versions.map(text).join(',')}],"next":${JSON.stringify(next)}}`)
}
