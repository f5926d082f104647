/** What every event store must do. A store proves itself in one line: `eventStoreContract(test, { name, open, keeps })`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appends } from './event-store/appends.ts'
import { commands } from './event-store/commands.ts'
import { closing } from './event-store/closing.ts'
import { conditions } from './event-store/conditions.ts'
import { filteredReads } from './event-store/filters.ts'
import { follows } from './event-store/follows.ts'
import { idempotence } from './event-store/idempotence.ts'
import { limits } from './event-store/limits.ts'
import { manyStreams } from './event-store/many-streams.ts'
import { partitionKeys, partitionKeysAlone, partitionKeysKept } from './event-store/partition-keys.ts'
import { payloads } from './event-store/payloads.ts'
import { readsOfAll } from './event-store/reads-of-all.ts'
import { readsOfStreams } from './event-store/reads-of-streams.ts'
import { reopening } from './event-store/reopening.ts'
import type { OpenStore, Scene, Sentences, StoreMaker } from './event-store/scene.ts'

export type { StoreMaker } from './event-store/scene.ts'

type Register = (name: string, run: () => Promise<void>) => void

/** Sentences for which one open store will do: each uses streams of its own. */
const shared = {
  ...appends,
  ...manyStreams,
  ...conditions,
  ...partitionKeys,
  ...limits,
  ...idempotence,
  ...payloads,
  ...readsOfStreams,
  ...commands,
}
/** Sentences about the whole log, or about closing it: each opens stores of its own. */
const alone = { ...readsOfAll, ...filteredReads, ...follows, ...closing, ...partitionKeysAlone }
/** Sentences about closing and opening again. */
const reopened = { ...reopening, ...partitionKeysKept }

/** A sentence that takes this long will not end: better its name than the whole file's deadline. */
const DEADLINE_MS = 120_000

async function inTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Registers one test a sentence. */
export function eventStoreContract(register: Register, maker: StoreMaker): void {
  const places: string[] = []
  const open: OpenStore[] = []
  const fresh: Scene['fresh'] = async options => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-event-store-'))
    places.push(directory)
    const store = await maker.open({ directory, ...options })
    open.push(store)
    return { store, reopen: () => maker.open({ directory, ...options }).then(again => (open.push(again), again)) }
  }
  const leave = async (): Promise<void> => {
    for (const store of open.splice(0)) await store.close()
    for (const place of places.splice(0)) rmSync(place, { recursive: true, force: true })
  }
  const { leftOut = {} } = maker
  const unknown = Object.keys(leftOut).filter(sentence => !Object.hasOwn({ ...shared, ...alone, ...reopened }, sentence))
  if (unknown.length > 0) throw new Error(`${maker.name} leaves out what no contract says: ${unknown.join('; ')}`)
  const kept = (sentences: Sentences): [string, Sentences[string]][] =>
    Object.entries(sentences).filter(([sentence]) => !Object.hasOwn(leftOut, sentence))
  let streams = 0
  const stream = (): string => `thing-${++streams}`
  let one: OpenStore | null = null
  for (const [sentence, run] of kept(shared)) {
    register(`${maker.name}: ${sentence}`, async () => {
      one ??= (await fresh()).store
      await inTime(run({ maker, store: one, stream, fresh }))
    })
  }
  register(`${maker.name}: closes after all that`, leave)
  for (const [sentence, run] of kept({ ...(maker.few ? {} : alone), ...(maker.keeps ? reopened : {}) })) {
    register(`${maker.name}: ${sentence}`, async () => {
      try {
        const { store } = await fresh()
        await inTime(run({ maker, store, stream, fresh }))
      } finally {
        await leave()
      }
    })
  }
}
