/** Subscriptions to the state of a node in memory. */
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { subscribeStateTests } from './subscribe-state-tests.ts'

subscribeStateTests(options => openNode({ memory: true, ...options }))

test.run()
