/** Long polls: many may wait for the same thing, and each stops waiting by itself. */

/** Work that is under way, by store and name, so that asking again does not begin it again. */
const underWay = new WeakMap<object, Map<string, Promise<unknown>>>()

/** What `begin` gives; undefined when the signal aborts or the time is over first. The work goes on, and the next who asks waits for it. */
export async function waitFor<T extends object | true>(
  about: { readonly store: object; readonly name: string },
  begin: () => Promise<T>,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<T | undefined> {
  const all = underWay.get(about.store) ?? new Map<string, Promise<unknown>>()
  underWay.set(about.store, all)
  const known = all.get(about.name) as Promise<T> | undefined
  const work = known ?? begin()
  if (!known) {
    all.set(about.name, work)
    const forget = (): void => void all.delete(about.name)
    work.then(forget, forget)
  }
  const over = Promise.withResolvers<undefined>()
  const stop = (): void => over.resolve(undefined)
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([work, over.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
