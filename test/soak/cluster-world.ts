/** What a fault has in its hands. */
import type { Random } from '../simulation/random.ts'
import type { Clients } from './cluster-clients.ts'
import type { Scene } from './cluster-scene.ts'

export interface World {
  readonly scene: Scene
  readonly clients: Clients
  readonly random: Random
  /** Ms from kill -9 to the next acknowledged append, a partition that the node led. */
  readonly failovers: number[]
}
