/** How a thread of pipelines makes new state for a version that is to take the place of another, and tries whether it can be built. */
import { createFragment } from '../../actors/fragment.ts'
import { type MigrationOptions, prepareVersion } from '../../actors/state-migration.ts'
import type { PipelineHostParts, StartPipeline } from './pipeline-host.ts'
import { resolveReference } from './user-module.ts'

/** Plain data: crosses a thread. */
export type PrepareVersion = Pick<
  StartPipeline,
  'scope' | 'slot' | 'plan' | 'module' | 'digest' | 'deployment' | 'generations' | 'incarnation'
> &
  Pick<MigrationOptions, 'migrations' | 'cleared'>

/** Rejects when it can not. */
export function prepareHere(parts: PipelineHostParts & Pick<MigrationOptions, 'lookups'>, request: PrepareVersion): Promise<void> {
  const resolve = (reference: string): Promise<unknown> => resolveReference(reference, request.module, request.digest)
  return prepareVersion({ ...parts, ...request, partitions: parts.log.partitions, createFragment, resolve })
}
