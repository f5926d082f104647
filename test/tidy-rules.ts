/** Taste as data: what a line, a name or a file may not be, and what to write instead. */

/** A pattern that no line may match, within the files it is for. */
export interface LineRule {
  readonly name: string
  readonly pattern: RegExp
  readonly instead: string
  /** Files it holds for; all text files when left out. */
  readonly files?: RegExp
  readonly except?: RegExp
  /** Comments and strings may say it. */
  readonly codeOnly?: true
}

export interface BannedName {
  readonly word: string
  readonly instead: string
}

export const FILE_LINES_MAX = 300
export const LINE_CHARACTERS_MAX = 160

const sources = /\.ts$/
const product = /^(?:event|client|store|cluster|operators|topology|query|actors|runtime)\/.*\.ts$/
/** Modules that a loader takes by their default export. */
const defaultExports = /\/topologies\/|^(?:examples\/|bench\/|test\/(?:.*\/)?fixtures\/|test\/.*(?:topology|pipeline)[^/]*$)|\.mjs$/

export const lineRules: readonly LineRule[] = [
  { name: 'to-do', pattern: /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/, instead: 'do it, or file an issue' },
  {
    name: 'machine path',
    pattern: /(?<![\w.$}])\/(?:home|root|work|Users|tmp|var\/folders)\//,
    instead: 'take a path from an argument or from os.tmpdir()',
  },
  {
    name: 'registry host',
    pattern: /registry\.(?:npmjs|yarnpkg|npmmirror)\.|pypi\.org\/|"resolved": "http(?=s?:)/,
    instead: 'leave the registry to npm',
  },
  { name: 'default export', pattern: /^export default\b/, files: sources, except: defaultExports, instead: 'export it by its name' },
  {
    name: 'any',
    pattern: /(?:: *|<|\bas +|\| *|& *)an[y]\b(?!\s*[.(<])|\ban[y]\[\]/,
    files: sources,
    codeOnly: true,
    instead: 'unknown, or the type it has',
  },
  {
    name: 'enum',
    pattern: /^\s*(?:export )?(?:declare )?(?:const )?enum \w/,
    files: sources,
    instead: 'a union of texts, or a readonly object',
  },
  { name: 'namespace', pattern: /^\s*(?:export )?(?:declare )?namespace \w/, files: sources, instead: 'a module' },
  {
    name: 'time and chance',
    pattern: /\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|\bnew Date\(\)|\brandomUUID\(|\brandomBytes\(/,
    files: product,
    except: /^event\/clock\.ts$/,
    codeOnly: true,
    instead: 'a Clock from event/clock.ts, so that a simulator owns it',
  },
  {
    name: 'module URL',
    pattern: /new URL\(\s*['"`][^'"`]*\.ts['"`]/,
    files: product,
    codeOnly: true,
    instead: "siblingModule(import.meta.url, './name') of event/module-url.ts: it resolves in the package too",
  },
  { name: 'console', pattern: /\bconsole\.\w+\(/, files: product, codeOnly: true, instead: 'write to the stream you were given' },
  { name: 'only', pattern: /^\s*\w+\.only\(/, files: /^test\/.*\.ts$/, instead: 'run one file by its name' },
  {
    name: 'silenced checks',
    pattern: /@ts-(?:ignore|nocheck|expect-error)(?! \S)|(?:ox|es)lint-disable(?:-[a-z-]+)?\s*(?:$|\*\/)/,
    files: sources,
    instead: 'name the rule, or say why',
  },
]

export const bannedNames: readonly BannedName[] = [
  { word: 'manager', instead: 'what it does: supervisor, pool, owner' },
  { word: 'helper', instead: 'what it does' },
  { word: 'helpers', instead: 'one file per thing' },
  { word: 'util', instead: 'what it does' },
  { word: 'utils', instead: 'one file per thing' },
  { word: 'service', instead: 'what it is: a node, an actor, a door' },
  { word: 'impl', instead: 'how it does it: RocksKeyValue, MemoryKeyValue' },
  { word: 'base', instead: 'the word for what is shared' },
  { word: 'common', instead: 'the word for what is shared' },
  { word: 'misc', instead: 'one file per thing' },
  { word: 'checkpoint', instead: 'epoch for what is written, position for where it stands' },
]

/** Words that differ from a banned one by what is beside them: `baseline` is one word, `base64` an encoding. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
}

/** The source with comments and texts blanked, lines kept; good enough to look for words of code. */
export function codeOf(source: string): string {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, blank)
}
