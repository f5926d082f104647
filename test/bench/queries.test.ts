/** The Nexmark queries as topologies of the product: answers equal to the plain loops, rows and sum, whatever the page size. */
// Deadline: 400 s
import { test } from 'uvu'
import { formTest, graphTests, nodeTest, setEvents } from './query-graphs.ts'

setEvents()
graphTests(1)
for (const form of ['closures', 'declaredClosures', 'expressions']) formTest('q1', form)
for (const query of ['q5', 'q12'] as const) nodeTest(query, 1)
test.run()
