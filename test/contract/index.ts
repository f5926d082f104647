/** `allsource/testing`: the contracts as suites, so that a backend or an operator made elsewhere proves itself as ours do. */
export * from './key-value.ts'
export { keyValueTwin } from './key-value-twin.ts'
