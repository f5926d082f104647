/** Lints a topology and the tests beside it: the text, then the functions and tables that it names, then what those say of its columns. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isEventStoreError } from '../../event/error.ts'
import type { Issue } from '../../topology/issue.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import { ruleOf } from '../../topology/read/rule-of.ts'
import type { Topology } from '../../topology/topology.ts'
import { isTopologyFile, topologyOfFile } from '../deploy/topology-file.ts'
import { planOfModule, resolveReference } from '../deploy/user-module.ts'
import { buildIssues, type FileIssue, loadFunctions, tableIssues } from './lint-files.ts'
import { type LintFinding, wholeFileFinding } from './lint-finding.ts'
import { isTestFile, readTestText, siblingsOf, textOfFile, topologyOf, type TopologyPlace } from './test-file.ts'

export interface LintedFile {
  /** Path of the file. */
  readonly file: string
  /** What lines and columns are of; left out for modules. */
  readonly text?: string
  readonly findings: readonly LintFinding[]
}

export interface LintOptions {
  /** No module is imported and no table is read. */
  readonly isOffline: boolean
}

/** The file, which holds a topology or tests of one, and the tests beside a topology. NOT_FOUND when it is not there. */
export async function lintPlace(place: TopologyPlace, options: LintOptions): Promise<LintedFile[]> {
  const file = fileURLToPath(place.url)
  if (isTestFile(file)) return [await lintTests(place.url, options)]
  const { plan, ...linted } = await lintTopology(place, options)
  const siblings = place.export === undefined ? await siblingsOf(file) : []
  const tests = await Promise.all(siblings.map(async path => testFindings(pathToFileURL(path).href, plan)))
  return [linted, ...tests]
}

async function testFindings(url: string, plan: Plan | undefined): Promise<LintedFile> {
  const text = await textOfFile(url)
  return { file: fileURLToPath(url), text, findings: readTestText(text, { url, plan }).findings }
}

/** A test file by itself; that its topology can not be planned is a finding of its own. */
async function lintTests(url: string, options: LintOptions): Promise<LintedFile> {
  const text = await textOfFile(url)
  try {
    const { plan } = await lintTopology(await topologyOf(url, text), options)
    return await testFindings(url, plan)
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    const { findings } = readTestText(text, { url })
    return { file: fileURLToPath(url), text, findings: [...findings, wholeFileFinding('module', error.message)] }
  }
}

/** With a plan, when there is no mistake. */
type LintedTopology = LintedFile & { readonly plan?: Plan }

async function lintTopology(place: TopologyPlace, options: LintOptions): Promise<LintedTopology> {
  const isYaml = isTopologyFile(place.url) && !/\.json$/i.test(new URL(place.url).pathname)
  return isYaml ? lintYaml(place, options) : lintModule(place, options)
}

async function lintYaml({ url }: TopologyPlace, { isOffline }: LintOptions): Promise<LintedTopology> {
  const file = fileURLToPath(url)
  const text = await textOfFile(url)
  const { topology, findings } = readTopologyText(text, { file })
  if (topology === undefined) return { file, text, findings }
  if (isOffline) return withPlan({ file, text, findings }, () => planTopology(topology))
  const { functions, issues } = await loadFunctions(topology, url)
  const functionOf = (reference: string): unknown => functions.get(reference)
  const more = [...issues, ...(await tableIssues(topology.steps, url))]
  const read = (found: readonly FileIssue[]): LintedFile => {
    const again = readTopologyText(text, { file, functionOf, more: found })
    return { file, text, findings: withRules(again.findings, found) }
  }
  const linted = read(more)
  if (hasErrors(linted)) return linted
  const plan = await planned(topology, url)
  const built = await buildIssues(plan, url)
  return built.length > 0 ? read(built) : { ...linted, plan }
}

function planned(topology: Topology, url: string): Promise<Plan> {
  return planTopology(topology, { resolve: reference => resolveReference(reference, url) })
}

function hasErrors({ findings }: LintedFile): boolean {
  return findings.some(({ severity }) => severity === 'error')
}

async function withPlan(linted: LintedFile, plan: () => Promise<Plan>): Promise<LintedTopology> {
  return hasErrors(linted) ? linted : { ...linted, plan: await plan() }
}

/** The reader of topologies places our issues and knows nothing of our rules. */
function withRules(findings: readonly LintFinding[], issues: readonly FileIssue[]): LintFinding[] {
  return findings.map(finding => {
    const own = issues.find(({ message }) => message === finding.message)
    return own === undefined ? finding : { ...finding, rule: own.rule }
  })
}

/** Modules are not text to us: their mistakes name the step and not the line. */
async function lintModule(place: TopologyPlace, { isOffline }: LintOptions): Promise<LintedTopology> {
  const file = fileURLToPath(place.url)
  if (isOffline && !isTopologyFile(place.url))
    return { file, findings: [wholeFileFinding('module', 'it was not looked at, because offline no module is imported', 'warning')] }
  try {
    const plan = isOffline
      ? await planTopology(await topologyOfFile(place.url, file))
      : await planOfModule(place.url, { export: place.export })
    const issues = isOffline ? [] : [...(await tableIssues(plan.steps, place.url)), ...(await buildIssues(plan, place.url))]
    const findings = issues.map(({ step, message, rule }) =>
      wholeFileFinding(rule, step === undefined ? message : `step ${step}: ${message}`),
    )
    return { file, findings, ...(findings.length === 0 && { plan }) }
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    return { file, findings: moduleFindings(error.message, error.details['issues']) }
  }
}

function moduleFindings(message: string, issues: unknown): LintFinding[] {
  if (!Array.isArray(issues)) return [wholeFileFinding('module', message)]
  return (issues as Issue[]).map(({ step, message: own }) =>
    wholeFileFinding(ruleOf(own), step === undefined ? own : `step ${step}: ${own}`),
  )
}
