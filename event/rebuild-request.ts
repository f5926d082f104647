/** Makes a request anew from the bytes of one that was sent, so that it can be sent to another partition. */
import type { TextHash } from './hash.ts'
import { EXTRAS, type RequestBuilder, STAMPS } from './request.ts'
import type { RequestCopy } from './request-copy.ts'

/** Streams, types and events as they were, each under its number; not what was expected of the streams, nor conditions. */
export function rebuild(copy: RequestCopy, builder: RequestBuilder, hash: TextHash): void {
  const { words, bytes, ...view } = copy.view()
  builder.clear()
  let name = view.names
  const nextName = (length: number): string => {
    name += length
    return Buffer.prototype.utf8Slice.call(bytes, name - length, name)
  }
  for (let i = 0; i < view.streams; i++) builder.stream(nextName(words[view.streamTable + i * 4 + 3]!), hash)
  for (let i = 0; i < view.types; i++) builder.type(nextName(words[view.typeTable + i]!))
  let { payload, extras } = view
  for (let i = 0; i < view.events; i++) {
    const pair = words[view.eventTable + i * 2]!
    const size = words[view.eventTable + i * 2 + 1]!
    const extrasBytes = view.flags & EXTRAS ? words[view.extrasTable + i]! : 0
    const data = bytes.subarray(payload, (payload += size & 0x3fffffff))
    const rarer = bytes.subarray(extras, (extras += extrasBytes))
    const stamp = view.flags & STAMPS ? words[view.stampTable + i]! : i
    builder.add(pair & 0xffff, pair >>> 16, size >>> 30, data, extrasBytes > 0 ? rarer : null, stamp)
  }
}
