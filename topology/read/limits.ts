/** Limits on a YAML text, which hold before anybody looks at what it says. */

export interface YamlLimits {
  /** Bytes of the text as UTF-8; a larger one is not parsed at all. */
  readonly textBytesMax: number
  /** Mappings and lists inside one another, aliases followed. */
  readonly depthMax: number
  /** Values that aliases stand for, all together. */
  readonly aliasedValuesMax: number
}

export const yamlLimits: YamlLimits = { textBytesMax: 1024 * 1024, depthMax: 64, aliasedValuesMax: 10_000 }
