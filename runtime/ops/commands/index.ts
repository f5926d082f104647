/** Every command, in the order help lists them. */
import type { Command } from '../command.ts'
import { append } from './append.ts'
import { deploy } from './deploy.ts'
import { follow } from './follow.ts'
import { read } from './read.ts'
import { start } from './start.ts'
import { stateGet } from './state-get.ts'
import { stateList } from './state-list.ts'
import { stats } from './stats.ts'
import { topologies } from './topologies.ts'
import { undeploy } from './undeploy.ts'
import { verify } from './verify.ts'

export const commands: readonly Command[] = [start, append, read, follow, stateGet, stateList, deploy, undeploy, topologies, verify, stats]
