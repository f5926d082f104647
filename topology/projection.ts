/** Projections as code: what a module exports, and the topology that runs it. */
import type { AnyEvent } from '../event/event-store.ts'
import { type AnyProjection, checkedProjection, type Projection, type ProjectionSpec } from '../operators/keyed/projection-spec.ts'
import { checkTopology } from './check.ts'
import type { Topology } from './topology.ts'

export { isProjection } from '../operators/keyed/projection-spec.ts'
export type { AnyProjection, KeyPart, Projection, ProjectionKey, ProjectionSpec } from '../operators/keyed/projection-spec.ts'

/**
 * Describes a projection: `name`, `revision`, `initial`, `key` and `fold`, with `types`, `categories` and `upgrade` where they are wanted. A module
 * exports it, and `deploy` runs it. The functions are pure: what they answer depends on their arguments alone. INVALID names the field.
 */
export function projection<E extends AnyEvent = AnyEvent, State = unknown>(spec: ProjectionSpec<State, E>): Projection<State, E> {
  return checkedProjection(spec)
}

/** Id of the step that folds; its state and its dead letters are kept under it. */
export const foldStep = 'fold'

/** The topology of a projection that a module exports under a name. Its version is the revision. */
export function topologyOfProjection({ name, revision, types, categories }: AnyProjection, exported: string): Topology {
  return checkTopology({
    name,
    version: revision,
    sources: [{ id: 'log', kind: 'log', ...(types && { types }), ...(categories && { categories }) }],
    steps: [
      { id: foldStep, operator: 'foldInto', options: { name, with: `#${exported}`, revision }, from: [{ step: 'log', port: 'main' }] },
    ],
  })
}
