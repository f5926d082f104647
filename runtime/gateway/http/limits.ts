/** Every limit of the HTTP door by name, unit last. The store's own limits lie below them. */
export const httpLimits = {
  /** Bytes of one request's body. */
  bodyBytes: 32 * 1024 * 1024,
  /** Bytes of all bodies that are being received; more is BUSY. */
  bodiesBytes: 256 * 1024 * 1024,
  /** Bytes of a request's line and headers. */
  headerBytes: 16 * 1024,
  /** Characters of one part of a path, percent-encoded: a stream id of 512 bytes takes 1,536. */
  pathPartCharacters: 8192,
  /** Events of one answer when the request names no `limit`, and at most. */
  readEventsDefault: 1000,
  readEvents: 10_000,
  /** Bytes of one answer after which it ends early and `next` says where to go on. */
  readBytes: 64 * 1024 * 1024,
  /** Follows that are open at once; more is BUSY. */
  follows: 1024,
  connections: 4096,
  /** The longest a request waits for something to happen: `wait`. */
  waitMs: 30_000,
  /** How often a follow says how far it is. */
  followPositionMs: 1000,
  /** How often a follow that has nothing to say shows that it lives. */
  followIdleMs: 10_000,
  /** A reader that takes nothing for this long is let go. */
  unreadMs: 60_000,
  /** A request that is not there whole after this time, and its headers after the shorter, is ended. */
  requestMs: 120_000,
  headersMs: 20_000,
  /** A connection without a request is kept for this long. */
  idleConnectionMs: 65_000,
  /** At close, what is under way has this long to end. */
  drainMs: 10_000,
} as const

export type HttpLimits = { readonly [Name in keyof typeof httpLimits]: number }
