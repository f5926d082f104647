/** Topologies in lanes, all of them in the calling thread. */
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { spreadTests } from './spread-tests.ts'

spreadTests(() => openNode({ memory: true, partitions: 4, epochMs: 20 }))

test.run()
