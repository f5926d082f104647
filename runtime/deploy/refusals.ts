/** Why a deployer does not do what it is asked. */
import { missingSecret } from '../../actors/delivery-attempt.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Plan } from '../../topology/plan.ts'
import type { TopologyDiff } from '../../topology/diff.ts'
import type { Deployment } from './registry.ts'
import { asEventStoreError } from './topology-run.ts'
import type { NamedModule } from './user-module.ts'

/** Throws INVALID for a topology of which nothing comes any more. */
export function refuseOver({ name, status, error }: Deployment, what: string): void {
  if (status === 'ended')
    throw new EventStoreError('INVALID', `topology ${name} has ended and can not be ${what}`, { topology: name, status })
  if (status !== 'failed') return
  const message = `topology ${name} has failed (${error?.message ?? 'unknown'}) and can not be ${what}; undeploy it first`
  throw new EventStoreError('INVALID', message, { topology: name, status })
}

/** INVALID when a version can not go on with all that is there; `details.steps` names what is lost, or missing. */
export function refuseLoss({ topology, steps, isSafe }: TopologyDiff, what: string): void {
  if (isSafe) return
  const lost = steps.filter(({ isLoss }) => isLoss)
  const sentences = lost.map(({ id, change, why }) => `${id} (${change === 'replay' ? 'replay needed' : change}): ${why}`)
  throw new EventStoreError('INVALID', `${what}: ${sentences.join('; ')}. Accept that it is lost, or rebuild it from the first event`, {
    field: 'accept',
    topology,
    steps: lost.map(({ id, change, why }) => ({ id, change, why })),
  })
}

/** INVALID while another version is folded beside it. */
export function refuseRebuilding({ name, beside }: Deployment, what: string): void {
  if (beside === undefined) return
  const message = `version ${beside.version} of topology ${name} is being rebuilt beside it, so it can not be ${what}; cancel the rebuild first`
  throw new EventStoreError('INVALID', message, { topology: name, rebuilding: beside.version })
}

/** INVALID for a number of lanes that no topology can have. */
export function checkWorkers(workers: number | undefined, limit: number): void {
  if (workers === undefined || (Number.isSafeInteger(workers) && workers >= 1 && workers <= limit)) return
  throw new EventStoreError('INVALID', `workers must be a whole number from 1 to ${limit}`, { field: 'workers', limit })
}

/** INVALID, whatever stood in the way of the module or file. */
export function asInvalid(error: unknown, { shown }: NamedModule): EventStoreError {
  const known = asEventStoreError(error)
  if (known.code === 'INVALID') return known
  return new EventStoreError(
    'INVALID',
    `${shown} can not be deployed: ${known.message}`,
    { file: shown, code: known.code },
    { cause: error },
  )
}

/** Before anything is folded: what it would send could not be signed. */
export function refuseMissingSecrets({ steps }: Plan): void {
  for (const { id, operator, options } of steps) {
    const name = options['secretEnvironment']
    if (operator === 'webhook' && typeof name === 'string' && !process.env[name]) throw missingSecret(id, name)
  }
}
