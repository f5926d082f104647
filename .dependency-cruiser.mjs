/** The arrows between rooms and the doors to outside packages, as data; each row has the sentence people read when it is broken. */

/** What a room may import beside itself. A room that is not listed here may not be imported by product code at all. */
const arrows = [
  { room: 'event', may: [], because: 'What things are depends on nothing, so that everything else can depend on it.' },
  { room: 'client', may: ['event'], because: 'The client is the contract over a wire; it must fit into a browser.' },
  { room: 'store', may: ['event'], because: 'The store keeps bytes and knows nothing of who computes on them or who may write.' },
  { room: 'cluster', may: ['event'], because: 'Who may write is decided by pure steps over words of event/ alone.' },
  {
    room: 'operators',
    may: ['event'],
    because: 'An operator is rows in, rows out: it can be read and tested without a store or a thread.',
  },
  { room: 'topology', may: ['operators', 'event'], because: 'A topology arranges operators; running it is the work of actors/.' },
  {
    room: 'query',
    may: ['store', 'operators/(?:aggregates|expressions)', 'event'],
    because: 'A query reads the store and shares the arithmetic of operators, not their flow.',
  },
  {
    room: 'actors',
    may: ['query', 'topology', 'operators', 'cluster', 'store', 'event'],
    because: 'Actors do the work of a node but never put one together: that is runtime/.',
  },
  {
    room: 'examples',
    may: ['runtime/index[.]ts$', 'client/index[.]ts$', 'test/contract/index[.]ts$'],
    because: 'An example uses the public doors only, as a user does: allsource, allsource/client and allsource/testing.',
  },
  {
    room: 'scripts',
    may: ['event', 'operators', 'topology', 'runtime/ops', 'runtime/config[.]ts$', 'runtime/observe/metric-table[.]ts$'],
    because: 'Scripts generate pages from the tables of the product.',
  },
]

/** Parts of runtime/ that see less than runtime/ itself. */
const doors = [
  {
    from: 'runtime/gateway',
    may: ['runtime/gateway', 'query', 'topology', 'event'],
    because: 'A front end sees a Session and nothing else, so that no protocol can pass the gate.',
  },
  {
    from: 'runtime/ops',
    may: ['runtime/ops', 'runtime/(?:index|config|package-version|running-node)[.]ts$', 'client', 'topology', 'event'],
    because: 'What speaks to people uses the public door, as any other program does.',
  },
]

/** Outside packages, and the only files that may import them. */
export const packages = [
  { names: ['@nxtedition/rocksdb'], only: ['store/rocks[.]ts$'], because: 'The binding can be exchanged as long as one file knows it.' },
  { names: ['rxjs'], only: ['operators', 'actors'], because: 'RxJS is how pages flow; nobody outside of a pipeline sees an Observable.' },
  { names: ['comlink'], only: ['actors/(?:port|ring|control)[^/]*$', 'runtime'], because: 'Control calls cross a thread in one place.' },
  {
    names: ['piscina'],
    only: ['actors/(?:port|ring|control)[^/]*$', 'runtime', 'examples'],
    because: 'Pools are made where a node or an import is put together.',
  },
  {
    names: ['worker_threads'],
    only: ['actors/(?:port|ring|control)[^/]*$', 'runtime', 'examples'],
    because: 'A thread is an owner of native handles with a closing order: few files may start or leave one.',
  },
  { names: ['hyparquet', 'hyparquet-compressors'], only: ['operators/sources', 'examples'], because: 'Parquet is read by sources.' },
  {
    names: ['msgpackr'],
    only: ['event/payload[.]ts$'],
    because: 'One file decides how a payload is packed; another setting elsewhere would not read it.',
  },
  { names: ['ajv'], only: ['operators/validate[.]ts$'], because: 'It makes code of schemas: one file decides how strictly, and which.' },
  { names: ['yaml'], only: ['topology/read/document[.]ts$'], because: 'One file knows how YAML is parsed, and keeps its limits.' },
  {
    names: ['re2js'],
    only: ['operators/expressions/regex[.]ts$'],
    because: 'One file decides which patterns mean the same to RE2 and to Postgres; the others are refused there.',
  },
  {
    names: ['prom-client'],
    only: ['runtime/observe/metrics-text[.]ts$'],
    because: 'One file knows how figures become text for Prometheus; everybody else counts in arrays.',
  },
  { names: ['pino'], only: ['runtime/observe/logger[.]ts$'], because: 'A node is given a logger; which one is decided in one place.' },
  {
    names: ['@opentelemetry/api'],
    only: ['runtime/observe/tracer[.]ts$'],
    because: 'The rest of the code knows spans as event/tracer.ts has them, and costs nothing where nobody traces.',
  },
  { names: ['cli-progress', 'picocolors'], only: ['runtime/ops', 'examples'], because: 'Only what speaks to people draws.' },
  { names: ['fastify'], only: ['runtime/gateway/http/door[.]ts$'], because: 'It finds routes; what a request and an answer are is ours.' },
  {
    names: ['zod'],
    only: ['runtime/gateway/codec/schemas[.]ts$'],
    because: 'One file decides how what is wrong with a value is said, for every protocol.',
  },
  {
    names: ['@event-driven-io/emmett'],
    only: ['examples/emmett'],
    because: 'It comes without a licence, so nothing that is shipped may need it; the adapter is an example to copy.',
  },
  {
    names: ['@nats-io/transport-node', '@nats-io/jetstream'],
    only: ['cluster/jetstream[^/]*[.]ts$'],
    because: 'The rest of the cluster knows a shared log, a bus and a registry, so that a simulator can stand in for NATS.',
  },
  {
    names: ['http', 'https', 'net', 'tls', 'http2', 'dgram'],
    only: ['runtime/gateway', 'client/socket[.]ts$', 'examples'],
    because: 'Sockets are opened by front ends, behind the gate, and by the client of one; an example may show the other end of a webhook.',
  },
]

/** Files of operators/ that carry the ceremony; every other file there is an operator (or a source, a sink, an aggregate). */
const shapes = 'columns|duration|flow|functions|index|kinds|lift|loops|names|operator|page|spec|row|rows'

const product = '^(?:event|client|store|cluster|operators|topology|query|actors|runtime)/'
const rooms = [
  'event',
  'client',
  'store',
  'cluster',
  'operators',
  'topology',
  'query',
  'actors',
  'runtime',
  'examples',
  'test',
  'bench',
  'scripts',
]
const anyOf = parts => `^(?:${parts.join('|')})`
const startOf = part => (part.endsWith('$') ? part : `${part}/`)

const forbidden = [
  ...arrows.map(({ room, may, because }) => ({
    name: `${room}-sees-only-${may.length === 0 ? 'itself' : may.map(part => part.split(/[/(]/)[0]).join('-')}`,
    comment: because,
    severity: 'error',
    from: { path: `^${room}/` },
    to: { path: anyOf(rooms.map(startOf)), pathNot: anyOf([room, ...may].map(startOf)) },
  })),
  ...doors.map(({ from, may, because }) => ({
    name: `${from.replace('/', '-')}-door`,
    comment: because,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { path: anyOf(rooms.map(startOf)), pathNot: anyOf(may.map(startOf)) },
  })),
  ...packages.map(({ names, only, because }) => ({
    name: `one-door-for-${names[0].replace(/^@[^/]*\//, '')}`,
    comment: because,
    severity: 'error',
    from: { path: '.', pathNot: anyOf([...only.map(startOf), 'test/', 'bench/', 'node_modules/']) },
    to: { path: `^(?:node_modules/)?(?:${names.join('|')})(?:/|$)` },
  })),
  {
    name: 'nothing-imports-tests',
    comment: 'Nothing depends on tests, benches or examples; what they share with the product belongs to the product.',
    severity: 'error',
    from: { path: product },
    to: { path: '^(?:test|bench|examples|scripts)/' },
  },
  {
    name: 'operators-never-import-operators',
    comment: 'One operator, one file: what two of them share goes into one of the shape files or into aggregates/.',
    severity: 'error',
    from: { path: '^operators/(?:windows/|sinks/|sources/)?([^/]+)[.]ts$', pathNot: `^operators/(?:${shapes})[.]ts$` },
    to: {
      path: '^operators/(?:windows/)?[^/]+[.]ts$',
      pathNot: `^operators/(?:${shapes}|$1)[.]ts$|^operators/windows/(?:windows?|panes?|shape)[^/]*[.]ts$`,
    },
  },
  {
    name: 'backends-never-import-backends',
    comment: 'A backend proves itself against the contract alone.',
    severity: 'error',
    from: { path: '^store/(rocks|memory)[.]ts$' },
    to: { path: '^store/(?:rocks|memory)[.]ts$', pathNot: '^store/$1[.]ts$' },
  },
  {
    name: 'event-does-no-input-or-output',
    comment: 'The centre has no disk, no socket and no thread, so that it runs in a browser and under a simulator.',
    severity: 'error',
    from: { path: '^event/' },
    to: { path: '^(?:fs|child_process|cluster|worker_threads|net|http|https|dgram|os)(?:/|$)' },
  },
  {
    name: 'client-fits-into-a-browser',
    comment: 'What the client imports, and what that imports, is there in a browser too; what only Node has is in client/socket.ts.',
    severity: 'error',
    from: { path: '^client/index[.]ts$' },
    to: {
      path: '^(?:client/socket[.]ts|msgpackr|(?:node:)?(?:crypto|fs|buffer|http|net|os|path|stream|url|util|worker_threads|zlib)$)',
      reachable: true,
    },
  },
  {
    name: 'no-circles',
    comment: 'Files that import each other are one file in two pieces.',
    severity: 'error',
    from: { path: product },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'nothing-unresolved',
    comment: 'An import that leads nowhere fails when it is met, which may be at a user.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-tools-in-the-product',
    comment: 'Development dependencies are not there in an installed package.',
    severity: 'error',
    from: { path: product },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
]

export default {
  forbidden,
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:dist|coverage|data|[.]tmp|test/fixtures/package)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
    skipAnalysisNotInRules: true,
  },
}
