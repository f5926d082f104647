/** What went into the streams of a cluster's log, as its NATS servers say. */
import { streamOf } from '../../cluster/nats-subjects.ts'
import type { NatsServers } from '../../test/fixtures/nats-servers.ts'

export interface Traffic {
  readonly messages: number
  /** Of the messages, by the mean size of those that are still there: the log is trimmed while it is written. */
  readonly bytes: number
}

interface StreamState {
  readonly name: string
  readonly state?: { readonly messages: number; readonly bytes: number; readonly last_seq: number }
}
interface Report {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamState[] }[]
}

/** Begins to count; the answer tells what came since. */
export async function trafficMeter(nats: NatsServers, name: string, streams: number): Promise<() => Promise<Traffic>> {
  const names = Array.from({ length: streams }, (_, index) => streamOf(name, index))
  const before = await statesOf(nats)
  return async () => {
    const now = await statesOf(nats)
    let [messages, bytes] = [0, 0]
    for (const each of names) {
      const state = now.get(each)
      const more = (state?.last_seq ?? 0) - (before.get(each)?.last_seq ?? 0)
      messages += more
      if (state && state.messages > 0) bytes += (more * state.bytes) / state.messages
    }
    return { messages, bytes }
  }
}

async function statesOf({ monitors }: NatsServers): Promise<Map<string, NonNullable<StreamState['state']>>> {
  const states = new Map<string, NonNullable<StreamState['state']>>()
  for (const monitor of monitors) {
    const report = (await (await fetch(`${monitor}/jsz?streams=true`)).json()) as Report
    for (const { name, state } of report.account_details?.flatMap(account => account.stream_detail ?? []) ?? []) {
      const known = states.get(name)
      // A server may be a little behind the others.
      if (state && (known === undefined || state.last_seq > known.last_seq)) states.set(name, state)
    }
  }
  return states
}
