/** The Nexmark queries again, over events that come out of order: the answers are those of the plain loops, which do not look at the order. */
// Deadline: 400 s
import { test } from 'uvu'
import { graphTests, setEvents } from './query-graphs.ts'

const group = 1000
setEvents(group)
graphTests(group)
test.run()
