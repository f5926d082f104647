/** Finds a module of ours beside another, whichever way the code runs: `.ts` in the repository, `.js` in the package. */

/**
 * The URL of a module named without its extension, relative to the caller: `siblingModule(import.meta.url, './pipeline-worker')`.
 * The compiler rewrites the extension of imports, but not of a URL handed to `new Worker`; so the running file decides.
 */
export function siblingModule(from: string | URL, name: `./${string}` | `../${string}`): URL {
  const here = new URL(from)
  const extension = here.pathname.endsWith('.ts') ? '.ts' : '.js'
  return new URL(name + extension, here)
}
