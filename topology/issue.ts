/** What is wrong with a topology, and where: people read the sentence, editors underline the place. */

/** Names of options and numbers of list items, outermost first. */
export type OptionPath = readonly (string | number)[]

export interface OptionIssue {
  /** Where in the options of the step. */
  readonly path: OptionPath
  readonly message: string
  /** The part of the text at `path` that is to blame: where an expression goes wrong. Characters. */
  readonly offset?: number
  readonly length?: number
}

export interface Issue extends OptionIssue {
  /** Id of the step or source; left out for what concerns the whole topology. */
  readonly step?: string
}

/** `size`, `maxFuture.allow`, `fields[2]`. */
export function pathText(path: OptionPath): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '')
}
