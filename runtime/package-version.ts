/** The version of allsource that runs. */
import { readFileSync } from 'node:fs'

/** Of the nearest package.json above this file: the repository's, or that of the installed package. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version
    } catch (error) {
      if (folder.pathname === '/') throw error
    }
  }
}
