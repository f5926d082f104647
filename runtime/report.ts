/** The report of a walk through everything that a node holds. */
import type { LogDamage, VerifyReport } from '../event/figures.ts'
import { inTurns } from '../event/in-turns.ts'
import { readColumn, verifyShard } from '../store/log/verify.ts'
import type { KeyValue } from '../store/key-value.ts'
import type { StateColumn } from '../store/state.ts'
import { turn } from '../actors/subscription.ts'
import type { NodeShard } from './shards.ts'

/** Walks all shards, a step at a time, so that the node goes on serving. */
export async function verifyShards(shards: readonly NodeShard[], state: KeyValue<StateColumn>, check: () => void): Promise<VerifyReport> {
  let blocks = 0
  let events = 0
  let bytes = 0
  const damage: LogDamage[] = []
  const accepted: LogDamage[] = []
  for (const { kv, shared } of shards) {
    const found = await inTurns(verifyShard(kv, shared), check)
    blocks += found.blocks
    events += found.events
    bytes += found.bytes
    damage.push(...found.damage)
    accepted.push(...found.accepted)
  }
  await verifyState(state, damage, check)
  return { blocks, events, bytes, damage, accepted }
}

/** The database checks what it reads; so all of it is read. */
async function verifyState(state: KeyValue<StateColumn>, damage: LogDamage[], check: () => void): Promise<void> {
  for (const column of ['state', 'meta'] as const) {
    for (const found of readColumn(state, column)) {
      if (found !== null) damage.push({ shard: -1, block: -1, reason: `state, ${column}: ${found}` })
      await turn()
      check()
    }
  }
}
