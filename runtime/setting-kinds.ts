/** What kinds of values settings have: how a text becomes one, and what is refused. */
import { checkTenant, TENANT_LENGTH_MAX } from '../event/scope.ts'

export interface Kind<Value> {
  /** What a wrong value should have been, for people. */
  readonly expects: string
  readonly placeholder: string
  /** Environment and flags are texts; what is no such value comes back as it was and is refused. */
  readonly fromText: (text: string) => unknown
  readonly accepts: (value: unknown) => value is Value
}

export const path: Kind<string> = {
  expects: 'a path',
  placeholder: 'DIR',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && value.length > 0,
}

export function wholeNumber(least: number, most: number): Kind<number> {
  return {
    expects: most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`,
    placeholder: 'N',
    fromText: text => (/^\d+$/.test(text) ? Number(text) : text),
    accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  }
}

/** Whether a node is there is found out by who asks it. */
export const address: Kind<string> = {
  expects: 'the address of a node, such as http://localhost:7070',
  placeholder: 'URL',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && /^https?:\/\/\S+$/.test(value) && URL.canParse(value),
}

export const tenantName: Kind<string> = {
  expects: `the name of a tenant: 1 to ${TENANT_LENGTH_MAX} letters, digits, ".", "-" and "_"`,
  placeholder: 'NAME',
  fromText: text => text,
  accepts: isTenantName,
}

function isTenantName(value: unknown): value is string {
  try {
    checkTenant(value)
    return true
  } catch {
    return false
  }
}

export const text: Kind<string> = {
  expects: 'a text of at least one character',
  placeholder: 'HOST',
  fromText: given => given,
  accepts: (value): value is string => typeof value === 'string' && value.length > 0,
}

export const duration: Kind<string> = {
  expects: 'a duration from 1ms up, such as 500ms, 30s or 2m',
  placeholder: 'TIME',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && /^0*[1-9]\d*(?:ms|s|m|h|d)$/.test(value),
}

export function oneOf<const Word extends string>(...words: Word[]): Kind<Word> {
  const isWord = (value: unknown): value is Word => words.some(word => word === value)
  return { expects: `one of ${words.join(', ')}`, placeholder: words.join('|'), fromText: text => text, accepts: isWord }
}

/** True or false; as a flag it is a switch, which says true. */
export const yesOrNo: Kind<boolean> = {
  expects: 'true or false',
  placeholder: 'true|false',
  fromText: text => (text === 'true' ? true : text === 'false' ? false : text),
  accepts: (value): value is boolean => typeof value === 'boolean',
}

export interface Setting {
  readonly kind: Kind<string> | Kind<number> | Kind<boolean>
  readonly default: string
  readonly summary: string
}
