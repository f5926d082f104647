/** Small files that are whole or not there: written beside their name, synced, then moved into place. */
import { closeSync, fsyncSync, openSync, renameSync, statfsSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces the file at once; after a crash it holds the old bytes or the new. Throws Node's own errors. */
export function writeWhole(file: string, content: Uint8Array): void {
  const beside = `${file}.new`
  const descriptor = openSync(beside, 'w')
  try {
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(beside, file)
  syncPath(dirname(file))
}

/** Brings a file, or the names in a directory, to the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Bytes that the disk of a directory has left for us. */
export function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
