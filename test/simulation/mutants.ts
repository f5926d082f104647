/** Bugs on purpose, a small change of shipped source each: seeds that do not find them prove little. */

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands once in the file. */
  readonly find: string
  readonly replace: string
}

const mutant = (name: string, file: string, find: string, replace: string): Mutant => ({ name, file, find, replace })

const commit = 'cluster/commit.ts'
const group = 'actors/replication/group-commit.ts'
const start = 'actors/replication/start-term.ts'
const shard = 'actors/shard.ts'
const replication = 'actors/replication/replication.ts'

export const mutants: readonly Mutant[] = [
  mutant(
    'fence removed',
    commit,
    'log.append(partition, after, messages)',
    'log.last(partition).then(last => log.append(partition, last?.sequence ?? 0, messages), () => log.append(partition, after, messages))',
  ),
  mutant('ours is known by its index alone', commit, 'head.index === index && head.crc === crc', 'head.index === index'),
  mutant('an overtaken append is taken for one not made', group, "if (!found) return 'unknown'", "if (found || !found) return 'conflict'"),
  mutant('an unknown append is taken for one not made', group, "if (!found) return 'unknown'", "if (!found) return 'conflict'"),
  mutant('whatever stands at the index is ours', group, 'found.crc === crc ?', 'found.crc >= 0 ?'),
  mutant(
    'acknowledged before it is committed',
    shard,
    'result = await replication.commit()',
    'this.#answerAll(null); result = await replication.commit()',
  ),
  mutant('conflicts are not proven', shard, 'outcome.status > DUPLICATE && outcome.status < READ_ONLY', 'outcome.status < 0'),
  mutant('who does not lead numbers requests', shard, 'leads(view.partition) === false', 'leads(view.partition) === undefined'),
  mutant('a term without a record of its own', replication, "replica.role = 'starting'", "replica.role = 'leading'"),
  mutant('a stale term is opened', start, '.term >= term) return', '.term > term + 1e9) return'),
  mutant('a term is opened without catching up', start, 'replica.row.logSequence < target', 'replica.row.logSequence < 0'),
  mutant('a term may go back in time', start, 'Math.max(next.stamp + 1, stamp())', 'stamp()'),
]
