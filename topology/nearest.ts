/** The name that somebody probably meant; expressions say it too, so it lives with them. */
export { hint } from '../operators/expressions/hint.ts'
