/** Every route behind the gate, in the order the OpenAPI page lists them. */
import type { Route } from '../route.ts'
import { append } from './append.ts'
import { appendStreams } from './append-streams.ts'
import { clusterDrain, clusterFailover, clusterMembers, clusterPlacement, clusterRepair, clusterResume, clusterStatus } from './cluster.ts'
import { discardLetters, listLetters, replayLetters, showLetter } from './dead-letters.ts'
import { follow } from './follow.ts'
import { metrics, stats, verify } from './node.ts'
import { readAll, readEvent, readEventAt, readStream, streamVersion } from './read.ts'
import { createSavepoint, dropSavepoint, listAllSavepoints, listSavepoints, restoreSavepoint } from './savepoints.ts'
import { stateGet, stateList } from './state.ts'
import { dropTenant, listTenants } from './tenants.ts'
import {
  cancelRebuild,
  caughtUp,
  deploy,
  drain,
  listTopologies,
  pause,
  rescale,
  resume,
  showPlan,
  showTopology,
  undeploy,
} from './topologies.ts'

export const routes: readonly Route[] = [
  append,
  appendStreams,
  readStream,
  streamVersion,
  readAll,
  readEvent,
  readEventAt,
  follow,
  stateGet,
  stateList,
  listTopologies,
  deploy,
  showTopology,
  undeploy,
  pause,
  resume,
  drain,
  rescale,
  showPlan,
  cancelRebuild,
  listSavepoints,
  createSavepoint,
  restoreSavepoint,
  dropSavepoint,
  listAllSavepoints,
  caughtUp,
  listLetters,
  showLetter,
  replayLetters,
  discardLetters,
  stats,
  verify,
  metrics,
  listTenants,
  dropTenant,
  clusterStatus,
  clusterMembers,
  clusterPlacement,
  clusterFailover,
  clusterDrain,
  clusterResume,
  clusterRepair,
]
