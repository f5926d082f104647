/** The public door of allsource. */
export { openNode } from './open-node.ts'
export type { Node } from './node.ts'
export type { OpenOptions } from './options.ts'
export { natsConfigText, type NatsConfigTextOptions } from './cluster/nats-config-text.ts'
export type { ClusterOptions } from './cluster/cluster-options.ts'
export type * from '../event/cluster.ts'
export type { ServeOptions, Serving } from './serve.ts'
export { errorCodes, type ErrorCode, EventStoreError, isEventStoreError } from '../event/error.ts'
export type {
  AppendResult,
  Durability,
  Encoding,
  Event,
  ExpectedVersion,
  NewEvent,
  Position,
  Sequence,
  Stamp,
  StreamId,
  Version,
} from '../event/event.ts'
export type * from '../event/event-store.ts'
export {
  commandHandler,
  type CommandHandlerOptions,
  type CommandStore,
  type Decided,
  type Decider,
  type Handle,
  type Handled,
  type HandleOptions,
} from '../event/command-handler.ts'
export type { Tenant } from '../event/tenant.ts'
export { defaultLimits, type Limits } from '../event/limits.ts'
export type {
  DeadLetter,
  DeadLetterChoice,
  DeadLetterListOptions,
  DeadLetters,
  DeadLetterStatus,
  DiscardOptions,
  HandledLetters,
  ReplayOptions,
} from '../event/dead-letters.ts'
export type * from '../event/projections.ts'
export type * from '../event/savepoints.ts'
export type {
  Deployed,
  DeployedUpdate,
  DeployOptions,
  DeployTextOptions,
  ModuleChange,
  ModuleFailure,
  Rebuilding,
  StepStatus,
  TopologyStatus,
  UndeployOptions,
} from '../event/topologies.ts'
export type { Health, NodeStats, PartitionStats, Readiness, ShardHealth, VerifyReport } from '../event/figures.ts'
export type { Logger } from '../event/logger.ts'
export { health, type LoggerOptions, type LogLevel, METRICS_CONTENT_TYPE, metricsText, openLogger, ready } from './observe/index.ts'
export * from '../topology/pipeline.ts'
export { diffPlans, type StepChange, type StepDiff, type TopologyDiff } from '../topology/diff.ts'
export { type KeyPart, type Projection, projection, type ProjectionKey, type ProjectionSpec } from '../topology/projection.ts'
export { countBy, latestBy, listBy, sumBy, type TemplateSpec } from '../topology/projection-templates.ts'
export type { Column, NumberColumn, Page, Row, SliceColumn, TextColumn, BooleanColumn, ValueColumn } from '../operators/flow.ts'
export { columnOf } from '../operators/columns.ts'
export type { ProcessContext } from '../operators/process.ts'
export { pageOf } from '../operators/page.ts'
export { dryRun, type DryRun, type DryRunOptions } from './trial/dry-run.ts'
export { tryExpression, type TriedExpression, type TryOptions } from './trial/expression-trial.ts'
export { lintFile, planFile } from './trial/in-thread.ts'
export type { LintedFile } from './trial/lint.ts'
export { type LintFinding, lintRules } from './trial/lint-finding.ts'
export { findTestFiles, runTestFile, type TestFileReport, type TestOptions, type TestReport } from './trial/test-files.ts'
export type { TopologyPlace } from './trial/test-file.ts'
export type { TrialThreadOptions } from './trial/trial-thread.ts'
