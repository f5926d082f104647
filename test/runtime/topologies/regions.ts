/** Functions of the tests' topology file. */
import { rows } from '../../../operators/functions.ts'

export const isBig = rows<{ cents: number }, boolean>({ reads: ['cents'] }, ({ cents }) => cents >= 100)
