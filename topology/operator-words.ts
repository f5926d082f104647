/** What other programs call what an operator does here. */
import { operators } from '../operators/index.ts'
import { hint } from './nearest.ts'

const words: Readonly<Record<string, string>> = {
  ...each('groupBy group partitionBy', 'a step that needs a key names it itself, by: [column], or stands behind keyBy: [column]'),
  ...each(
    'aggregate aggregates agg window windows windowed',
    'rows are aggregated by tumble, hop or session, and without windows by total or count',
  ),
  ...each('tumbling tumblingWindow', 'tumble makes windows of equal length, one behind another'),
  ...each('sliding slidingWindow hopping hoppingWindow', 'hop makes windows that overlap, over looks back from each row'),
  ...each('cumulateWindow', 'cumulate makes windows that grow'),
  ...each('sessionWindow', 'session makes windows that last as long as rows come'),
  ...each('trigger evictor globalWindows', 'globalWindow has a trigger and an evictor'),
  ...each(
    'join leftJoin innerJoin outerJoin',
    'streams are joined by joinInterval, joinWindow, joinTemporal or joinTable, and lookup joins with a file or a projection',
  ),
  ...each('windowJoin', 'joinWindow joins rows of the same window'),
  ...each('intervalJoin', 'joinInterval joins rows whose times lie near each other'),
  ...each('temporalJoin asOf asOfJoin', 'joinTemporal joins a row with the version valid at its time'),
  ...each('tableJoin regularJoin', 'joinTable joins a row with the newest one of its key'),
  ...each('lookUp lookupJoin', 'lookup joins with a file or a projection'),
  ...each('sort sortBy orderBy order', 'rows are put in order by topN, of each window or at the end'),
  ...each('limit top head first', 'topN keeps the first so many'),
  ...each('distinct unique deduplicate', 'dedupe lets each key pass once'),
  ...each('flatten explode', 'unnest makes a row of each element of a list'),
  ...each('peek log print debug console', 'tap shows rows on their way'),
  ...each(
    'kafka http https stdout file postgres s3 rabbitmq nats',
    'append writes into the log, webhook sends to a URL, projection is read by key',
  ),
  ...each('branch switch split partition', 'route sends each row to the first port whose condition is true'),
  ...each('scan accumulate aggregateByKey', 'fold keeps a value for each key'),
  ...each('where having', 'filter keeps the rows of which a condition is true'),
  ...each('project projectColumns', 'select keeps columns; projection is the sink that is read by key'),
  ...each('union unionAll concat', 'merge takes from several steps, and so does from: [a, b] of any step'),
  ...each('mapping compute extend assign withColumn addColumn', 'map adds columns, select keeps only those it names'),
  ...each('cep matchRecognize match_recognize sequence patterns', 'pattern finds rows of a key that follow one another'),
  ...each(
    'keyedProcess processFunction KeyedProcessFunction timers onTimer punctuate',
    'process calls a function with state by key and timers',
  ),
  ...each('proctime processTime wallClock ingestionTime', 'processingTime says that rows happened when they were recorded'),
  ...each('tick ticker cron interval schedule timer', 'every makes a row each so often'),
  ...each(
    'watermark timestamps assignTimestamps rowtime withIdleness',
    'eventTime says when rows happened, how late others may come, and when a source is idle',
  ),
  ...each('flatmap mapMany', 'flatMap makes any number of rows of each'),
}

function each(names: string, sentence: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map(name => [name, sentence]))
}

/** It is known what another program means by it. */
export function isOperatorWord(name: string): boolean {
  return Object.hasOwn(words, name)
}

/** Says that there is no such operator, and which one is meant; all of them when that can not be told. */
export function noOperator(name: string): string {
  const known = Object.keys(operators)
  const near = isOperatorWord(name) ? `; ${words[name]}` : hint(name, known)
  return `there is no operator ${name}${near === '' ? ` (there are: ${known.join(', ')})` : near}`
}

const optionWords: Readonly<Record<string, string>> = {
  ...each('groupBy group partitionBy keyBy', 'by'),
  ...each('aggregates aggregations agg', 'aggregate'),
  ...each('advance slide step', 'every'),
  ...each('orderBy sortBy sort', 'order'),
  ...each('limit', 'n'),
  ...each('grace lateness', 'allowedLateness'),
  ...each('evictor', 'evict'),
  ...each('timezone tz zone', 'timeZone'),
  ...each('early earlyFiring', 'emit'),
}

/** The option of an operator that another program calls by that name. */
export function optionMeant(name: string, options: Readonly<Record<string, unknown>>): string | undefined {
  const meant = Object.hasOwn(optionWords, name) ? optionWords[name] : undefined
  return meant !== undefined && Object.hasOwn(options, meant) ? meant : undefined
}
