/** What is hot in a node in memory. */
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { hotRowsTests } from './hot-rows-tests.ts'

hotRowsTests(options => openNode({ memory: true, ...options }))

test.run()
