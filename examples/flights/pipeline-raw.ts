/** The same job without the guard: 142 departures that lie hours after their arrival make thousands of good flights late. */
import { delaysByHour } from './pipeline.ts'

export default delaysByHour('flights-raw', {})
