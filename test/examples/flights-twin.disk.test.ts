/** The twin against rows made by hand: what it says about late, suspect and unknown rows is read off the job's own words. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answerOf } from './flights-twin.ts'
import type { TwinRow } from './flights-twin.ts'

const hour = (text: string): number => Date.parse(`2001-01-02T${text}:00Z`)
const row = (time: string, origin = 'JFK', delay = 0): TwinRow => ({ date: hour(time), delay, origin })
const lateOf = (...rows: TwinRow[]): number => answerOf(rows, false).summary.late as number

test('a row is late as soon as the watermark before it stands at the end of its window', () => {
  assert.is(lateOf(row('11:59'), row('10:59')), 0)
  assert.is(lateOf(row('12:00'), row('10:59')), 1)
})

test('a row does not count for its own watermark', () => {
  assert.is(lateOf(row('10:59'), row('20:00')), 0)
})

test('a suspect row moves nothing, unless the guard is off', () => {
  const rows = [row('15:00', 'JFK', -61), row('10:00')]
  assert.equal([answerOf(rows, false).summary.late, answerOf(rows, false).summary.suspect], [0, 1])
  assert.equal([answerOf(rows, true).summary.late, answerOf(rows, true).summary.suspect], [1, 0])
  assert.is(answerOf([row('15:00', 'JFK', -60), row('10:00')], false).summary.late, 1, 'exactly an hour is no suspect')
})

test('a row of an unknown airport is a dead letter and has moved the watermark', () => {
  const answer = answerOf([row('15:00', 'nowhere'), row('10:00')], false)
  assert.equal([answer.dead, answer.summary.late, answer.summary.windows], [1, 1, 0])
})

test('lines hold the state as it stands, quoted names or not, and the nearest rank of negative delays', () => {
  const rows = [row('10:00', 'BTR', -30), row('10:30', 'BTR', -10), row('10:59', 'SCE', 7)]
  const start = hour('10:00') / 1000
  assert.is(answerOf(rows, false).windowsCsv, `${start},BTR,LA,2,-40,-10\n${start},SCE,NA,1,7,7\n`)
})

test.run()
