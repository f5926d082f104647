/** What Emmett asks of an event store, in the manner of its own feature suites: a store proves itself in one line, in memory and on disk. */
import type { AllsourceEventStore } from '../../../examples/emmett/emmett-event-store.ts'
import { aggregates } from './aggregates.ts'
import { commands } from './commands.ts'
import { conflicts } from './conflicts.ts'
import { existence } from './existence.ts'
import type { Sentences } from './given.ts'
import { ranges } from './ranges.ts'

type Register = (name: string, run: () => Promise<void>) => void

/** Registers one test a sentence; all use one store. */
export function emmettContract(register: Register, name: string, open: () => Promise<AllsourceEventStore>): void {
  let opened: Promise<AllsourceEventStore> | undefined
  let streams = 0
  const sentences: Sentences = { ...existence, ...ranges, ...aggregates, ...conflicts, ...commands }
  for (const [sentence, run] of Object.entries(sentences))
    register(`${name}: ${sentence}`, async () => {
      opened ??= open()
      await run({ store: await opened, stream: `evening-${++streams}` })
    })
}
