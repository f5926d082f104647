/** The directed schedules over the source as it is; `npm run simulate -- --mutants` shows that each can fail. */
import { test } from 'uvu'
import { schedules } from './schedules.ts'

for (const { name, run } of schedules) test(name, run)

test.run()
