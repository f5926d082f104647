/** Compares what the topology `kill` holds, has appended, given up and delivered with its twin, for the present deployment and those before it. */
import type { Event } from '../../event/event.ts'
import type { Node } from '../../runtime/index.ts'
import type { KillHook } from './kill-hook.ts'
import { type KillDeployment, type KillOutcome, KillTwin, type Letter } from './kill-twin.ts'

export interface KillExamined {
  readonly different: readonly string[]
  readonly counts: {
    readonly rows: number
    readonly events: number
    readonly letters: number
    readonly replays: number
    readonly hooks: number
  }
}

interface Data {
  readonly name: string
  readonly deployment: number
  readonly head: number
}

/** From first to last; the last one may be there still. */
export function deploymentsOf(events: readonly Event[]): KillDeployment[] {
  const all: KillDeployment[] = []
  for (const { stream, type, data, version, stamp } of events) {
    if (stream !== '$topology' || (data as Data).name !== 'kill') continue
    if (type === 'topology.deployed') all.push({ deployment: version, from: stamp, until: Infinity })
    const at = all.findIndex(({ deployment }) => deployment === (data as Data).deployment)
    if (type === 'topology.undeployed') all[at] = { ...all[at]!, until: stamp }
    if (type === 'topology.draining') all[at] = { ...all[at]!, head: (data as Data).head }
  }
  return all
}

export interface KillKnown {
  readonly hook: KillHook
  /** Deployments that were looked at after their end; they are not looked at again. */
  readonly known: Set<number>
  /** Letters of which it was answered that they were replayed or discarded. */
  readonly handled: ReadonlySet<number>
}

export async function examineKill(node: Node, { hook, known, handled }: KillKnown): Promise<KillExamined> {
  const events: Event[] = []
  for await (const event of node.readAll({ system: true }) as AsyncIterable<Event>) events.push(event)
  const all = deploymentsOf(events)
  const different = [...hook.wrong, ...outsideOf(events, all), ...unhandled(events, handled)]
  const counts = { rows: 0, events: 0, letters: 0, replays: 0, hooks: hook.requests }
  for (const one of all) {
    if (known.has(one.deployment)) continue
    const isThere = one.until === Infinity
    const outcome = new KillTwin().outcome(events, one)
    const found = foundOf(events, one)
    const wrong = [
      ...compareStreams(found.streams, outcome, isThere),
      ...compareLetters(found.letters, outcome, isThere),
      ...compareHooks(hook, one.deployment, outcome, isThere),
    ]
    if (isThere) for await (const difference of compareProjections(node, outcome)) wrong.push(difference)
    different.push(...wrong.map(difference => `deployment ${one.deployment}: ${difference}`))
    if (!isThere) known.add(one.deployment)
    counts.rows = Array.from(outcome.projections.values()).reduce((sum, rows) => sum + rows.size, 0)
    counts.events = Array.from(outcome.streams.values()).reduce((sum, told) => sum + told.length, 0)
  }
  for (const { stream, type } of events) {
    if (stream !== '$dead-letter-kill') continue
    if (type === 'dead-letter') counts.letters++
    else if (type === 'dead-letter.replayed') counts.replays++
  }
  return { different, counts }
}

const isOutput = ({ stream }: Event): boolean => stream.startsWith('kill-')

/** While nothing is deployed nothing may come of it, and no other deployment may have sent anything. */
function* outsideOf(events: readonly Event[], all: readonly KillDeployment[]): Generator<string> {
  for (const event of events)
    if (isOutput(event) && !all.some(({ from, until }) => from < event.stamp && event.stamp < until))
      yield `${event.stream}, version ${event.version}: written while nothing was deployed`
}

function* unhandled(events: readonly Event[], handled: ReadonlySet<number>): Generator<string> {
  const left = new Set(handled)
  for (const { stream, data } of events) if (stream === '$dead-letter-kill') left.delete((data as { letter: number }).letter)
  for (const id of left) yield `letter ${id} was replayed or discarded, so it was answered, and is not`
}

interface Found {
  readonly streams: Map<string, string[]>
  readonly letters: Map<string, Letter[]>
}

function foundOf(events: readonly Event[], { deployment, from, until }: KillDeployment): Found {
  const found: Found = { streams: new Map(), letters: new Map() }
  for (const event of events) {
    if (event.stamp < from || event.stamp > until) continue
    if (isOutput(event)) push(found.streams, event.stream, JSON.stringify(event.data))
    if (event.stream !== '$dead-letter-kill' || event.type !== 'dead-letter') continue
    const { row, step, ...letter } = event.data as { deployment: number; step: string; row: Omit<Letter, 'step'> }
    const { lane, request, index, cents } = row
    if (letter.deployment === deployment) push(found.letters, step, { step, lane, request, index, cents })
  }
  return found
}

function push<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name)
  if (list) list.push(value)
  else lists.set(name, [value])
}

/** The same texts in the same order; of a deployment that was ended before its time so many as there are. */
function* compareLists(name: string, found: readonly string[], wanted: readonly string[], isWhole: boolean): Generator<string> {
  const at = found.findIndex((text, index) => !isSame(text, wanted[index]))
  if (at >= 0)
    yield `${name}: number ${at + 1} of ${found.length} is ${found[at]}, not ${wanted[at] ?? `there, as ${wanted.length} are wanted`}`
  else if (isWhole && found.length < wanted.length)
    yield `${name}: ${found.length} of ${wanted.length} are there; ${wanted[found.length]} is next`
}

/** As JSON, whatever the order of the names. */
function isSame(text: string, other: string | undefined): boolean {
  return text === other || (other !== undefined && sorted(text) === sorted(other))
}

const sorted = (text: string): string => JSON.stringify(Object.entries(JSON.parse(text) as object).sort(([a], [b]) => (a < b ? -1 : 1)))

function* compareStreams(found: Found['streams'], { streams }: KillOutcome, isWhole: boolean): Generator<string> {
  for (const name of new Set([...found.keys(), ...streams.keys()]))
    yield* compareLists(name, found.get(name) ?? [], streams.get(name) ?? [], isWhole)
}

function* compareLetters(found: Found['letters'], { letters }: KillOutcome, isWhole: boolean): Generator<string> {
  const texts = (list: readonly Letter[] = []): string[] => list.map(letter => JSON.stringify(letter))
  for (const step of new Set([...found.keys(), ...letters.keys()]))
    yield* compareLists(`letters of ${step}`, texts(found.get(step)), texts(letters.get(step)), isWhole)
}

/** Each under its number, first heard of in the order of the numbers. */
function* compareHooks(hook: KillHook, deployment: number, { hooks }: KillOutcome, isWhole: boolean): Generator<string> {
  const found = [...hook.delivered.values()].filter(delivered => delivered.deployment === deployment)
  const early = found.findIndex(({ number }, index) => number !== index + 1)
  if (early >= 0) yield `delivery ${found[early]!.number} was the ${early + 1}th to come`
  const paths = found.filter(({ path, body }) => path !== `/noticed/${(JSON.parse(body) as { lane: number }).lane}`)
  if (paths.length > 0) yield `delivery ${paths[0]!.number} came to ${paths[0]!.path}`
  yield* compareLists(
    'deliveries',
    found.map(({ body }) => body),
    hooks,
    isWhole,
  )
}

async function* compareProjections(node: Node, { projections }: KillOutcome): AsyncGenerator<string> {
  const names = ['customers', 'counts', 'newest', 'books', 'best', 'hops', 'visits'].map(name => `kill-${name}`)
  for (const name of names) {
    const wanted = new Map(projections.get(name))
    for await (const { key, value } of node.state(name).list()) {
      const text = JSON.stringify(key)
      const other = wanted.get(text)
      if (!isSame(JSON.stringify(value), other)) yield `${name} ${text} is ${JSON.stringify(value)}, not ${other ?? 'there at all'}`
      wanted.delete(text)
    }
    if (wanted.size > 0) yield `${name}: ${wanted.size} rows are missing, such as ${[...wanted.keys()][0]}`
  }
}
