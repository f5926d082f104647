/** The Nexmark queries in two and in four lanes: the answers are those of the plain loops. */
// Deadline: 400 s
import { test } from 'uvu'
import { queries } from '../../bench/nexmark/loops.ts'
import { nodeTest, setEvents } from './query-graphs.ts'

setEvents()
for (const query of queries) for (const workers of [2, 4]) nodeTest(query, workers)
test.run()
