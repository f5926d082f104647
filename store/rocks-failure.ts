/** What the failures of the RocksDB binding mean to a caller: a stable code, and the file when RocksDB names one. */
import { EventStoreError } from '../event/error.ts'

interface BindingError {
  /** `LEVEL_…` of the binding or `E…` of Node; missing for RocksDB's rarer states. */
  readonly code: string | undefined
  readonly message: string
}

function bindingError(error: unknown): BindingError | undefined {
  if (!(error instanceof Error) || error.name === 'AssertionError' || error instanceof EventStoreError || error instanceof TypeError)
    return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { code, message: error.message }
}

function fileIn(message: string): string | undefined {
  return /(\S*\/(?:\d+\.(?:sst|log)|MANIFEST-\d+|CURRENT|OPTIONS-\d+|IDENTITY))\b/.exec(message)?.[1]
}

function damaged(message: string, directory: string, cause: unknown): EventStoreError {
  const file = fileIn(message) ?? (/\bCURRENT\b/.test(message) ? `${directory}/CURRENT` : directory)
  return new EventStoreError('DAMAGED', `${file} is damaged: ${message}`, { file, directory }, { cause })
}

function readOnly(message: string, directory: string, cause: unknown): EventStoreError {
  return new EventStoreError('READ_ONLY', `${directory} can not be written: ${message}`, { directory }, { cause })
}

const refusedByDisk = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'])
const refusal = /permission denied|read-only file system|no space left|operation not permitted|quota exceeded/i
const missing = /no such file|does not exist/i

/** Each returns undefined for what is not the database's failure (a bug of ours), to be thrown on as it is. */
export function openFailure(error: unknown, directory: string): EventStoreError | undefined {
  const { code, message } = bindingError(error) ?? {}
  if (message === undefined) return undefined
  if (code === 'LEVEL_LOCKED')
    return new EventStoreError('LOCKED', `${directory} is open already, here or in another process`, { directory }, { cause: error })
  if ((code !== undefined && refusedByDisk.has(code)) || (code === 'LEVEL_IO_ERROR' && refusal.test(message)))
    return readOnly(message, directory, error)
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new EventStoreError('INVALID', `${directory} is not a directory`, { field: 'directory' }, { cause: error })
  if (/column famil/i.test(message))
    return new EventStoreError('INCOMPATIBLE', `${directory} has other columns: ${message}`, { directory }, { cause: error })
  return damaged(message, directory, error)
}

export function readFailure(error: unknown, directory: string): EventStoreError | undefined {
  const { message } = bindingError(error) ?? {}
  return message === undefined ? undefined : damaged(message, directory, error)
}

export function writeFailure(error: unknown, directory: string): EventStoreError | undefined {
  const { code, message } = bindingError(error) ?? {}
  if (message === undefined) return undefined
  return code === 'LEVEL_CORRUPTION' || missing.test(message) ? damaged(message, directory, error) : readOnly(message, directory, error)
}
