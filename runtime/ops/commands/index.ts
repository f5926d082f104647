/** Every command, in the order help lists them. */
import type { Command } from '../command.ts'
import { append } from './append.ts'
import {
  clusterDrain,
  clusterFailover,
  clusterMembers,
  clusterNatsConfig,
  clusterPlacement,
  clusterRepair,
  clusterResume,
  clusterStatus,
} from './cluster.ts'
import { deadLettersDiscard, deadLettersList, deadLettersReplay, deadLettersShow } from './dead-letters.ts'
import { deploy } from './deploy.ts'
import { diff } from './diff.ts'
import { drain } from './drain.ts'
import { explain } from './explain.ts'
import { expr } from './expr.ts'
import { follow } from './follow.ts'
import { lint } from './lint.ts'
import { pause, resume } from './pause.ts'
import { read } from './read.ts'
import { rebuildCancel } from './rebuild.ts'
import { rescale } from './rescale.ts'
import { run } from './run.ts'
import { savepointCreate, savepointDelete, savepointList, savepointRestore } from './savepoint.ts'
import { start } from './start.ts'
import { stateGet } from './state-get.ts'
import { stateList } from './state-list.ts'
import { stats } from './stats.ts'
import { tenantDrop, tenants } from './tenants.ts'
import { test } from './test.ts'
import { top } from './top.ts'
import { topologies } from './topologies.ts'
import { undeploy } from './undeploy.ts'
import { verify } from './verify.ts'

const events = [append, read, follow, stateGet, stateList]
const topologyFiles = [lint, explain, diff, expr, run, test]
const deployed = [deploy, undeploy, topologies, pause, resume, drain, rescale, rebuildCancel, top]
const savepoints = [savepointCreate, savepointList, savepointRestore, savepointDelete]
const deadLetters = [deadLettersList, deadLettersShow, deadLettersReplay, deadLettersDiscard]
const cluster = [
  clusterStatus,
  clusterMembers,
  clusterPlacement,
  clusterFailover,
  clusterDrain,
  clusterResume,
  clusterRepair,
  clusterNatsConfig,
]

export const commands: readonly Command[] = [
  start,
  ...events,
  ...topologyFiles,
  ...deployed,
  ...savepoints,
  ...deadLetters,
  tenants,
  tenantDrop,
  ...cluster,
  verify,
  stats,
]
