/** What the sentences of the cluster's contracts share: text as bytes, waiting for a condition, and a deadline for each sentence. */

export type Register = (name: string, run: () => Promise<void>) => void

export interface Hooks {
  before(run: () => Promise<void>): void
  after(run: () => Promise<void>): void
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array): string => new TextDecoder().decode(value)

/** A sentence that takes this long will not end: better its name than the whole file's deadline. */
const DEADLINE_MS = 45_000
const LOOK_MS = 10

/** Waits until the condition holds; what it is about is in the error if it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`)
    await pause(LOOK_MS)
  }
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Registers each sentence of a table with its deadline. */
export function register<Scene>(
  test: Register,
  name: string,
  sentences: Readonly<Record<string, (scene: Scene) => Promise<void>>>,
  scene: () => Scene,
) {
  for (const [sentence, run] of Object.entries(sentences)) {
    test(`${name}: ${sentence}`, async () => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`did not end within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS)
      })
      await Promise.race([run(scene()), late]).finally(() => clearTimeout(timer))
    })
  }
}
