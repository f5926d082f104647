/** What is to go before a version of a topology folds its first row. */
import { linesStep } from '../../actors/key-lines.ts'
import { watermarksStep, watermarksVersion } from '../../actors/saved-watermarks.ts'
import type { Scope } from '../../event/scope.ts'
import type { SettleVersion } from '../../store/settle-version.ts'
import { slotScope } from '../../store/slot.ts'
import { operators } from '../../operators/index.ts'
import { type Deployment, projectionsOf, storedTopology } from './registry.ts'

/** Undefined for the first version of a deployment, which leaves nothing of others. */
export function settlementOf(scope: Scope, deployment: Deployment): SettleVersion | undefined {
  const { plan, layout, revised, slot } = deployment
  if (layout === undefined || revised === deployment.deployment) return undefined
  const home = slotScope(scope, slot)
  const alive = plan.steps.flatMap(({ id, operator }) => {
    const stateVersion = layout.states[id] ?? operators[operator]?.spec.stateVersion
    return stateVersion === undefined ? [] : [{ step: id, stateVersion, generation: layout.generations[id] ?? 0 }]
  })
  const inOrder = new Set(plan.steps.filter(step => step.inOrder !== undefined).map(({ id }) => id))
  const changed = [...new Set([...layout.forgotten, ...Object.keys(layout.generations)])]
  return {
    stored: storedTopology(scope, deployment),
    revised,
    alive,
    dropped: changed.filter(id => !inOrder.has(id) || layout.forgotten.includes(id)).map(linesStep),
    projections: projectionsOf(plan).map(name => home + name),
    cleared: layout.cleared.map(name => home + name),
    forgotten: layout.forgotten.map(key => ({ step: watermarksStep, stateVersion: watermarksVersion, key })),
  }
}
