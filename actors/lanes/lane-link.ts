/** The ways to a lane: directly where it is in the thread of the lead, or by a port whose pages are transferred. */
import { errorOf, type PlainFailure, plainFailure } from '../plain-failure.ts'
import type { Lane } from './lane.ts'
import { type FlowsOf, type LaneAnswer, LaneFailure, type LaneLink, type LaneTask } from './lane-task.ts'
import { type PackedFlow, type PackedPage, PagePacker, PageUnpacker } from './packed-page.ts'

/** The part of a `MessagePort` that is used. */
export interface LanePort {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  on(event: 'message', take: (message: never) => void): unknown
  close(): void
}

interface PackedFlows {
  readonly step: string
  readonly flows: readonly PackedFlow[]
}

type PackedTask = Omit<LaneTask, 'parts' | 'replay'> & {
  readonly parts: readonly PackedFlows[]
  readonly replay?: { readonly step: string; readonly page: PackedPage }
}

type PackedAnswer = (Omit<LaneAnswer, 'parts'> & { readonly parts: readonly PackedFlows[] }) | { readonly failure: PlainFailure }

export function localLink(lane: Lane): LaneLink {
  return {
    answered: () => undefined,
    give(task) {
      let answer: LaneAnswer | LaneFailure
      try {
        answer = lane.do(task)
      } catch (error) {
        answer = new LaneFailure(error)
      }
      this.answered(answer)
    },
    close: () => lane.close(),
  }
}

/** The lead's end of a port. */
export function portLink(port: LanePort): LaneLink {
  const packer = new PagePacker()
  const unpacker = new PageUnpacker()
  const link: LaneLink = {
    answered: () => undefined,
    give({ parts, replay, ...task }) {
      const transfer: ArrayBuffer[] = []
      const packed: PackedTask = {
        ...task,
        parts: packAll(parts, packer, transfer),
        ...(replay && { replay: { step: replay.step, page: packer.pack(replay.page, transfer) as PackedPage } }),
      }
      port.postMessage(packed, transfer)
    },
    close: () => port.close(),
  }
  port.on('message', (answer: PackedAnswer) => {
    if ('failure' in answer) link.answered(new LaneFailure(errorOf(answer.failure)))
    else link.answered({ ...answer, parts: unpackAll(answer.parts, unpacker) })
  })
  return link
}

/** The lane's end of a port. */
export function serveLane(lane: Lane, port: LanePort): void {
  const packer = new PagePacker()
  const unpacker = new PageUnpacker()
  port.on('message', ({ parts, replay, ...task }: PackedTask) => {
    const transfer: ArrayBuffer[] = []
    const answer = ((): PackedAnswer => {
      try {
        const { parts: made, ...rest } = lane.do({
          ...task,
          parts: unpackAll(parts, unpacker),
          ...(replay && { replay: { step: replay.step, page: unpacker.unpack(replay.page) as never } }),
        })
        return { ...rest, parts: packAll(made, packer, transfer) }
      } catch (error) {
        return { failure: plainFailure(error) }
      }
    })()
    if ('bytes' in answer && answer.bytes) transfer.push(answer.bytes.buffer)
    port.postMessage(answer, transfer)
  })
}

function packAll(parts: readonly FlowsOf[], packer: PagePacker, transfer: ArrayBuffer[]): PackedFlows[] {
  return parts.map(({ step, flows }) => ({ step, flows: flows.map(flow => packer.pack(flow, transfer)) }))
}

function unpackAll(parts: readonly PackedFlows[], unpacker: PageUnpacker): FlowsOf[] {
  return parts.map(({ step, flows }) => ({ step, flows: flows.map(flow => unpacker.unpack(flow)) }))
}
