/** Commands to the topology `kill`, one after another and at random, in the process that will be killed; the judge is told of each before and after. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isEventStoreError } from '../../event/error.ts'
import type { Node } from '../../runtime/index.ts'

export const topologyFile = fileURLToPath(new URL('./kill-topology.yaml', import.meta.url))

/** `none`: not deployed. Ended is what draining leads to by itself. */
export type KillStatus = 'none' | 'running' | 'paused' | 'draining' | 'ended'
type Command = 'deploy' | 'undeploy' | 'pause' | 'resume' | 'drain' | 'replay' | 'discard'

/** What the judge is told. */
export type CommandLine =
  { readonly command: Command; readonly will: KillStatus | null } | { readonly done: Command; readonly letters: readonly number[] }

const chances: Readonly<Record<KillStatus, readonly Command[]>> = {
  none: ['deploy'],
  running: ['pause', 'pause', 'replay', 'replay', 'replay', 'replay', 'discard', 'drain', 'undeploy'],
  paused: ['resume', 'resume', 'resume', 'resume', 'replay', 'discard', 'drain', 'undeploy'],
  draining: ['pause'],
  ended: ['undeploy', 'undeploy', 'discard'],
}

const one = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

export async function statusOfKill(node: Node): Promise<KillStatus | 'failed'> {
  return (await node.topologies()).find(({ name }) => name === 'kill')?.status ?? 'none'
}

/** Goes on until the node closes. */
export async function commandAtRandom(node: Node, tell: (line: CommandLine | { readonly wrong: string }) => void): Promise<void> {
  for (;;) {
    try {
      const status = await statusOfKill(node)
      if (status === 'failed') return tell({ wrong: `the topology failed: ${JSON.stringify(await node.topologies())}` })
      await sleep(status === 'none' ? 0 : Math.random() * 60)
      const command = one(chances[status])
      if (command === 'replay' || command === 'discard') await handleLetters(node, command, tell)
      else await change(node, command, tell)
    } catch (error) {
      if (isEventStoreError(error, 'CLOSED')) return
      return tell({ wrong: `a command was answered ${String(error)}` })
    }
  }
}

const leadsTo = { deploy: 'running', undeploy: 'none', pause: 'paused', resume: 'running', drain: 'draining' } as const

async function change(node: Node, command: keyof typeof leadsTo, tell: (line: CommandLine) => void): Promise<void> {
  tell({ command, will: leadsTo[command] })
  try {
    if (command === 'deploy') await node.deploy(topologyFile)
    else await node[command]('kill')
  } catch (error) {
    // One that drains may have ended just now.
    if (!isEventStoreError(error, 'INVALID') || (await statusOfKill(node)) !== 'ended') throw error
    return tell({ command: 'drain', will: 'ended' })
  }
  tell({ done: command, letters: [] })
}

/** A few letters of one step or of all, mended or not. */
async function handleLetters(node: Node, command: 'replay' | 'discard', tell: (line: CommandLine) => void): Promise<void> {
  const letters = node.deadLetters('kill')
  const step = one(['taxed', 'steady', 'steady', 'known', 'noticed', undefined])
  const open: number[] = []
  // Those behind another one go with it.
  for await (const { id, behind } of letters.list({ ...(step && { step }), limit: 40 }))
    if (behind === undefined && Math.random() < 0.4) open.push(id)
  if (open.length === 0) return
  tell({ command, will: null })
  if (command === 'discard') {
    await letters.discard(open.slice(0, 3), { reason: 'by chance' })
    return tell({ done: command, letters: open.slice(0, 3) })
  }
  const isReplayed = await letters.replay(open, Math.random() < 0.7 ? { set: { cents: one([21, 37, 57]) } } : {}).then(
    () => true,
    (error: unknown) => {
      // One that was told to drain takes no more rows, also while it is paused.
      if (isEventStoreError(error, 'INVALID') && error.message.includes('it was drained')) return false
      throw error
    },
  )
  tell({ done: command, letters: isReplayed ? open : [] })
}
