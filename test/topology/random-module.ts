/** The module of a random topology, as a node loads it: `random-module.ts?seed=7`. */
import { randomCase } from './random-cases.ts'
import { functions } from './random-options.ts'

const { searchParams } = new URL(import.meta.url)

export const made = randomCase(Number(searchParams.get('seed')), { forNode: true }).topology
export const even = functions['#even']
export const remade = functions['#remade']
export const exploded = functions['#exploded']
export const events = functions['#events']
export const folded = functions['#folded']
export const reduced = functions['#reduced']
export const keep = functions['#keep']
export const written = functions['#written']
export const look = functions['#look']
export const processed = functions['#processed']
export const due = functions['#due']
