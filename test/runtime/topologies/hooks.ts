/** Topologies of the tests that tell others of payments: where to is in each event. */
import { topology } from '../../../topology/pipeline.ts'

type Paid = {
  readonly to: string
  readonly number: number
}

export default topology('hooks', { version: 1 })
  .follow<Paid>({ types: ['paid'] })
  .webhook({ id: 'notify', url: '{to}/paid/{number}', headers: { 'X-Number': '{number}' }, body: ['number'], attempts: 3 })

export const signed = topology('signed', { version: 1 })
  .follow<Paid>({ types: ['paid'] })
  .webhook({ id: 'notify', url: '{to}', body: ['number'], secretEnvironment: 'ALLSOURCE_TEST_SECRET' })

const both = topology('both', { version: 1 }).follow<Paid>({ types: ['paid'] })
both.webhook({ id: 'slow', url: '{to}/slow', body: ['number'], attempts: 1 })
both.append({ id: 'numbers', stream: 'numbers', type: 'number', data: ['number'] })

/** Deliveries do not hold back what is appended. */
export const beside = both.webhook({ id: 'quick', url: '{to}/quick', body: ['number'], attempts: 1 })

export const whole = topology('whole', { version: 1 })
  .follow<Paid>({ types: ['paid'] })
  .webhook({ id: 'notify', url: '{to}', body: ['number', 'text'] })
