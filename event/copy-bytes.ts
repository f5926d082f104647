/** Copies bytes; short runs by hand, because making a view costs more than a few dozen bytes do. */
const BY_HAND_BYTES = 48

export function copyBytes(from: Uint8Array, start: number, bytes: number, to: Uint8Array, at: number): void {
  if (bytes < BY_HAND_BYTES) for (let i = 0; i < bytes; i++) to[at + i] = from[start + i]!
  else to.set(from.subarray(start, start + bytes), at)
}
