/** Rows found by the values of their fields, in a node in memory. */
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { whereTests } from './where-tests.ts'

whereTests(options => openNode({ memory: true, ...options }))

test.run()
