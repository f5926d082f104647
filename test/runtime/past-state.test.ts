/** What a projection was, on a node in memory. */
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { pastStateTests } from './past-state-tests.ts'

pastStateTests('memory', limits => openNode({ memory: true, partitions: 4, epochMs: 5, limits }))

test.run()
