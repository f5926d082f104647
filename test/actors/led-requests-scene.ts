/** What tests of requests at led ports say and look at. */
import { partitionOf } from '../../event/stream-id.ts'
import type { LedScene } from './led-scene.ts'
import { watched } from './shard-scene.ts'

/** A stream of a partition. */
export function streamIn(scene: LedScene, partition: number): string {
  for (let n = 0; ; n++) if (partitionOf(`s${n}`, scene.partitions) === partition) return `s${n}`
}

export function append(scene: LedScene, node: string, partition: number, id: string): ReturnType<typeof watched> {
  return watched(scene.node(node).router.append(streamIn(scene, partition), { type: 'a', data: new TextEncoder().encode(id) }))
}

export const idsOf = (scene: LedScene, partition: number): string[] => scene.stored[partition]!.map(({ id }) => id)
