/** A directed schedule: one scene, step by step. Throws when what must come of it does not. */
import { Scene } from './scene.ts'

export interface Schedule {
  readonly name: string
  readonly run: () => Promise<void>
}

export const schedule = (name: string, work: (scene: Scene) => Promise<void>): Schedule => ({
  name,
  run: async () => {
    const scene = new Scene()
    try {
      await work(scene)
    } finally {
      scene.end()
    }
  },
})
