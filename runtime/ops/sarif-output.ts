/** Findings as a document of SARIF 2.1.0, which code scanners read: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. */
import type { LintedFile } from '../index.ts'
import { shortPath } from './lint-output.ts'

type Finding = LintedFile['findings'][number]

export interface SarifOptions {
  /** Directory that places are relative to. */
  readonly base: string
  /** What each rule says. */
  readonly rules: Readonly<Record<string, string>>
}

export function sarifOf(files: readonly LintedFile[], { base, rules }: SarifOptions): object {
  const ids = Object.keys(rules)
  const results = files.flatMap(({ file, findings }) =>
    findings.map(finding => resultOf(finding, { uri: uriOf(shortPath(file, base)), ruleIndex: ids.indexOf(finding.rule) })),
  )
  const driver = {
    name: 'allsource',
    rules: ids.map(id => ({ id, shortDescription: { text: rules[id] }, defaultConfiguration: { level: levelOf(rules[id] ?? '') } })),
  }
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  }
}

function resultOf(
  { rule, severity, message, line, column, length, path }: Finding,
  { uri, ruleIndex }: { uri: string; ruleIndex: number },
): object {
  // A length of none is the whole line.
  const region = length > 0 ? { startLine: line, startColumn: column, endColumn: column + length } : { startLine: line }
  return {
    ruleId: rule,
    ...(ruleIndex >= 0 && { ruleIndex }),
    level: severity,
    message: { text: message },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region },
        ...(path !== '' && { logicalLocations: [{ fullyQualifiedName: path }] }),
      },
    ],
  }
}

/** Rules of warnings say so. */
function levelOf(summary: string): 'error' | 'warning' {
  return summary.startsWith('Warning:') ? 'warning' : 'error'
}

/** A relative path as a relative URI reference: a colon in its first part would make it a scheme. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return encoded.replaceAll('%3A', ':').replace(/^([^/]*):/, (_, before: string) => `./${before}:`)
}
