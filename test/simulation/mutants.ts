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
const replica = 'actors/replication/replica.ts'
const taking = 'actors/replication/group-taking.ts'
const trim = 'actors/replication/trim-marks.ts'
const confirmations = 'actors/replication/confirmations.ts'
const ledPort = 'actors/led-port.ts'
const remotePort = 'actors/remote-port.ts'
const sender = 'runtime/cluster/forwarded-from.ts'

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
  mutant('a term without a record of its own', replication, "become(replica, 'starting')", "become(replica, 'leading')"),
  mutant('a term is opened without catching up', start, 'replica.row.logSequence < target', 'replica.row.logSequence < 0'),
  mutant('a term may go back in time', start, 'Math.max(next.stamp + 1, stamp())', 'stamp()'),
  mutant(
    'a conflict is taken for an answer',
    commit,
    "if (answer?.kind === 'committed') return answer",
    "if (answer?.kind === 'committed') return answer\n    if (answer?.kind === 'conflict') return { kind: 'overtaken', last: null }",
  ),
  mutant(
    'no answer is taken for a refusal',
    commit,
    "if (last && isOf(last, commission)) return { kind: 'committed', sequence: last.sequence }",
    "if (last && isOf(last, commission)) return { kind: 'unknown', reason }",
  ),
  mutant(
    'a leader read without an append',
    replication,
    'return confirmed\n',
    'return Promise.resolve({ partition, sequence: 0, stamp })\n',
  ),
  mutant('who resigns goes on', replication, "this.#replicas.become(replica, 'following')\n    this.#replicas", 'this.#replicas'),
  mutant(
    'acknowledged before it is synced',
    shard,
    'this.log.kv.write(batch, { sync: true })',
    'this.log.kv.write(batch, { sync: false })',
  ),
  mutant('the row of a replica is not written', taking, 'log.putMeta(replicaKey(partition), encodeRow(replica.next))', ''),
  mutant(
    'a record of another cluster is taken',
    replica,
    'if (record.cluster !== this.#cluster) return',
    'if (record.cluster === null) return',
  ),
  mutant(
    'a record behind another one is taken',
    replica,
    'if (record.previous !== next.crc) return',
    'if (record.previous === null) return',
  ),
  mutant(
    'a record of a stale term is taken',
    replica,
    'if (beginsTerm(record.kind) ? term <= next.term : term !== next.term)',
    'if (beginsTerm(record.kind) ? term < 0 : term < 0)',
  ),
  mutant('a record that goes back in time is taken', replica, 'if (record.stamp < next.stamp) return', 'if (record.stamp < 0) return'),
  mutant('a hole is passed over', replica, "if (index > next.index + 1) return 'hole'", ''),
  mutant('a log that lost its end is led', start, 'return index < row.index ?', 'return index < 0 ?'),
  mutant('trimmed though a replica lacks it', trim, '(each.index <= index && each.bytes <= margin)', '(each.bytes <= margin)'),
  mutant('trimmed without a margin', trim, '(each.index <= index && each.bytes <= margin)', '(each.index <= index)'),
  mutant(
    'another record where one was taken is passed over',
    replica,
    'head.index === next.index && head.crc !== next.crc',
    'head.index === next.index && head.crc < 0',
  ),
  mutant('a repair behind other events is taken', replica, 'sequence === partition.sequence && previous === partition.crc', 'true'),
  mutant(
    'a repair behind events that are missing stops a copy',
    replica,
    'if (sequence > partition.sequence) return',
    'if (sequence < 0) return',
  ),
  mutant('a stopped copy goes on', replica, "if (this.role === 'stopped') return this.#repairs(message)", ''),
  mutant(
    'a leader read is proven by an append before it',
    confirmations,
    'let waiting = this.#waiting.get(partition)',
    'let waiting = this.#begun.get(partition) ?? this.#waiting.get(partition)',
  ),
  mutant(
    'requests are taken before a term is on disk',
    replication,
    "role === 'leading' && row.term === claim",
    "role === 'leading' || row.term === claim - 1",
  ),
  mutant(
    'a term begins with events that nobody committed',
    start,
    'const { sequence } = next',
    'const { sequence } = replicas.partitionLog(replica)',
  ),
  mutant(
    'a group that failed in part is not read back',
    shard,
    'this.log = this.#parts.reopen()\n        replication.opened(this.log)',
    '',
  ),
  mutant('a snapshot without its rows', taking, 'log.takeRows(replica.partition, record.rows.slice(1))', ''),
  mutant(
    'who caught up does not say so',
    replication,
    "this.#replicas.become(replica, 'following')\n    this.#follow()",
    "replica.role = 'following'\n    this.#follow()",
  ),
  mutant('the last record is trimmed', 'cluster/loopback-log.ts', ' || i === held.length - 1', ''),
  mutant('a forwarded message that comes twice is taken twice', sender, 'number !== this.#next ||', 'number > this.#next ||'),
  mutant(
    'behind a request that was refused the next are stored',
    'runtime/cluster/forwarded-appends.ts',
    'sender.wasRefused(partition, turn) ||',
    '',
  ),
  mutant('what a process that ended had asked is answered to the next', remotePort, 'message?.to !== this.#process', 'message === null'),
  mutant(
    'readers from a position pass over what came behind a closing',
    'store/index/segments.ts',
    'this.#holding(partition, this.at(first).end.sequences[rank]! + 1, finished, tail)',
    'this.#firstBlock(partition, tail, ({ lastStamps }, i) => lastStamps[i]! > stamp)',
  ),
  mutant('a way to a process counts anew', 'actors/remote-ports.ts', 'for (const port of ports.values()) port.rest()', 'ports.clear()'),
  mutant('a late word about messages that are missing counts', remotePort, 'if (session !== this.#session) return\n', ''),
  mutant('the next leader is sent requests while the former one has some', ledPort, '(lane.isTurnedBack || !isSame)', 'lane.isTurnedBack'),
  mutant(
    'a forwarded request without an answer is called refused',
    ledPort,
    "if (request.state === 'sent') this.#settleUnknown(lane, request)\n      else this.#settle",
    'this.#settle',
  ),
  mutant(
    'what a former leader had is called refused',
    ledPort,
    'this.#settleUnknown(this.#lane(request.copy.partition), request)',
    'this.#settle(this.#lane(request.copy.partition), request, this.#refusal(this.#lane(request.copy.partition)))',
  ),
  mutant(
    'a read does not wait for what the leader had',
    'runtime/cluster/leader-reads.ts',
    'confirmed.find(({ partition, sequence }) => view.sequenceOf(partition) < sequence)',
    'confirmed.find(() => false)',
  ),
  mutant(
    'all is told in order before every partition is closed',
    'runtime/cluster/cluster-horizon.ts',
    'lowest = Math.min(lowest, shard.stampOf(rank))',
    'lowest = shard.stampOf(rank)',
  ),
  mutant(
    'idle partitions are not closed for those who read all',
    'runtime/cluster/closings.ts',
    'if (!isRead()) return',
    'if (isRead()) return',
  ),
]
