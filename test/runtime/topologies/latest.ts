/** A topology of the tests whose projection shows each row at once. */
import { topology } from '../../../topology/pipeline.ts'

export default topology('latest', { version: 3 })
  .follow<{ customer: string; cents: number }>({ types: ['paid'] })
  .projection({ id: 'rows', name: 'latest', key: ['customer'], value: ['cents'] })
