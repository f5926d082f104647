/**
 * Whose a stored name is. The names of the default tenant are stored as they are given; those of every other tenant behind its scope,
 * `\0<tenant>\0`, and after a tenant was dropped n times `\0<tenant>\u0001<n>\0`, so that one of the same name begins with nothing. No stream
 * can begin with a `\0` (control characters are INVALID), so a name tells whose it is, without a table.
 */
import { EventStoreError } from './error.ts'

/** What stands before the names of one tenant; empty for the default tenant. */
export type Scope = string

/** The tenant that a node itself is, and that requests without a tenant are for. */
export const DEFAULT_TENANT = 'default'
export const DEFAULT_SCOPE: Scope = ''
/** Characters of a tenant's name at most; each is one byte. */
export const TENANT_LENGTH_MAX = 64

const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** Throws INVALID when a text can not name a tenant: 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or a digit. */
export function checkTenant(tenant: unknown): asserts tenant is string {
  if (typeof tenant === 'string' && tenant.length <= TENANT_LENGTH_MAX && TENANT.test(tenant)) return
  throw new EventStoreError(
    'INVALID',
    `a tenant is named by 1 to ${TENANT_LENGTH_MAX} letters, digits, ".", "-" and "_", got ${JSON.stringify(tenant) ?? String(tenant)}`,
    { field: 'tenant' },
  )
}

/** The scope of a tenant that was dropped so often before. */
export function scopeFor(tenant: string, drops = 0): Scope {
  if (tenant === DEFAULT_TENANT) return DEFAULT_SCOPE
  return drops === 0 ? `\0${tenant}\0` : `\0${tenant}\u0001${drops}\0`
}

/** Whose a stored name is. */
export function scopeOf(stored: string): Scope {
  return stored.charCodeAt(0) === 0 ? stored.slice(0, stored.indexOf('\0', 1) + 1) : DEFAULT_SCOPE
}

/** The name as its tenant gave it. */
export function localName(stored: string): string {
  return stored.charCodeAt(0) === 0 ? stored.slice(stored.indexOf('\0', 1) + 1) : stored
}

/** The tenant of a scope. */
export function tenantOf(scope: Scope): string {
  if (scope === DEFAULT_SCOPE) return DEFAULT_TENANT
  const drops = scope.indexOf('\u0001')
  return scope.slice(1, drops < 0 ? -1 : drops)
}

/** The stored form of a text that may begin with a `\0` itself, as ids and names of producers may; `localName` gives it back. */
export function scopedText(scope: Scope, text: string): string {
  return scope === DEFAULT_SCOPE && text.charCodeAt(0) === 0 ? `\0\0${text}` : scope + text
}
