/** Checks what stands above the steps: name, version, guarantee, epoch, tick and sources. */
import { columnTypes } from '../operators/expressions/types.ts'
import { isFunctionReference } from '../operators/functions.ts'
import type { Issue } from './issue.ts'
import { hint } from './nearest.ts'
import { isObject } from './proof.ts'
import { guarantees, type Source, type Topology } from './topology.ts'

const epochMsMax = 3_600_000
const tickMsMax = 3_600_000

export function topologyHeadIssues({ name, version, guarantee, epochMs, tickMs, sources }: Topology): Issue[] {
  const issues: Issue[] = []
  const say = (path: string, message: string): void => void issues.push({ path: [path], message })
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name))
    say('name', `its name must be 1 to 128 letters, digits, dots, dashes and underscores, not ${JSON.stringify(name)}`)
  if (!Number.isSafeInteger(version) || version < 1)
    say('version', `its version must be a whole number from 1, not ${JSON.stringify(version)}`)
  if (guarantee !== undefined && !guarantees.includes(guarantee))
    say('guarantee', `guarantee must be one of ${guarantees.join(', ')}${typeof guarantee === 'string' ? hint(guarantee, guarantees) : ''}`)
  if (epochMs !== undefined && !(Number.isSafeInteger(epochMs) && epochMs >= 1 && epochMs <= epochMsMax))
    say('epoch', `epoch must be from 1ms to 1h, not ${JSON.stringify(epochMs)}`)
  if (tickMs !== undefined && !(Number.isSafeInteger(tickMs) && tickMs >= 10 && tickMs <= tickMsMax))
    say('tick', `tick must be from 10ms to 1h, not ${JSON.stringify(tickMs)}`)
  if (sources.length === 0) say('sources', 'it has no source; name one that follows the log')
  if (sources.length > 1 && sources.some(({ kind }) => kind === 'generate'))
    say('sources', 'a source that generates must be the only one; append its rows to the log first, and follow that')
  return issues
}

export function sourceIssues({ sources }: Topology): Issue[] {
  const seen = new Set<string>()
  return sources.flatMap(source => {
    const issues = oneSource(source)
    if (typeof source.id !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(source.id))
      issues.push({ path: ['id'], message: 'its name must be a text of 1 to 200 characters' })
    else if (seen.has(source.id)) issues.push({ path: ['id'], message: 'its name is taken by another source' })
    seen.add(source.id)
    return issues.map(issue => ({ step: source.id, ...issue }))
  })
}

function oneSource(source: Source): Issue[] {
  const issues: Issue[] = []
  if (source.kind === 'generate' && !isFunctionReference(source.reference))
    issues.push({
      path: ['generate'],
      message: `what it generates must be given as module#export, not ${JSON.stringify(source.reference)}`,
    })
  if (source.kind === 'log') {
    for (const name of ['types', 'categories'] as const) {
      const list: unknown = source[name]
      const isRight =
        list === undefined || (Array.isArray(list) && list.length > 0 && list.every(one => typeof one === 'string' && one !== ''))
      if (!isRight) issues.push({ path: [name], message: `${name} must be a list of texts` })
    }
  }
  return [...issues, ...declaredIssues(source.fields)]
}

function declaredIssues(fields: unknown): Issue[] {
  if (fields === undefined) return []
  if (!isObject(fields)) return [{ path: ['fields'], message: 'fields must be columns with their types: { delay: number }' }]
  return Object.entries(fields).flatMap(([name, type]): Issue[] => {
    if (columnTypes.some(one => one === type)) return []
    const near = typeof type === 'string' ? hint(type, columnTypes) : ''
    return [{ path: ['fields', name], message: `the type of ${name} must be one of ${columnTypes.join(', ')}${near}` }]
  })
}
