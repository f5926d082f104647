/** `allsource/testing`: the contracts as suites, so that a backend or an operator made elsewhere proves itself as ours do. */
export { type Backend, contractColumns, type ContractColumn, keyValueContract, withDatabase } from './key-value.ts'
export { keyValueTwin } from './key-value-twin.ts'
export { eventStoreContract, type StoreMaker } from './event-store.ts'
export { type ContractCase, operatorContract, type Twin } from './operator.ts'
export type { ExampleFlow, Operator, OperatorExample, OperatorSpec, StepContext } from '../../operators/operator.ts'
export type { KeyValue, OwnedKeyValue } from '../../store/key-value.ts'
export { runTopologyTest, type TestEvent, type TopologyTestReport, type TopologyTestSpec } from '../../runtime/trial/topology-test.ts'
