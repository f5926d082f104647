/** Numbers: as text and from text as Postgres has them, rounding, and the bounds of integers. */
import { rowFault } from './fault.ts'

/** What a person sees of a value in a message. */
export function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The number as Postgres writes a double: the fewest digits that read back as the same, with an exponent from 1e15 and below 1e-4. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0'
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-4 && size < 1e15)) return String(value).includes('e') ? plain(value) : String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`
}

function plain(value: number): string {
  return value.toFixed(20).replace(/\.?0+$/, '')
}

/** The number as JSON holds it: whole ones without an exponent as far as JavaScript writes them so. */
export function jsonNumberText(value: number): string {
  return Object.is(value, -0) ? '0' : String(value)
}

export function integerOf(value: number): number {
  if (value >= -Number.MAX_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return value + 0
  throw rowFault('integer out of range')
}

/** Overflow is an error: there are no infinite numbers. */
export function finite(value: number): number {
  if (value - value === 0) return value
  throw rowFault('number out of range')
}

/** To the nearest whole number, halves to the even one. */
export function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest < 0.5) return floor
  if (rest > 0.5) return floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

/** To the nearest whole number, halves away from zero. */
export function roundAway(value: number): number {
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}

/**
 * To `digits` behind the point, halves away from zero, as decimal numbers are rounded: what counts is how the number is written
 * with 15 digits, so 1.005 to two digits is 1.01 though the double is a little less.
 */
export function roundDigits(value: number, digits: number): number {
  return atDigits(value, digits, true)
}

export function truncDigits(value: number, digits: number): number {
  return atDigits(value, digits, false)
}

function atDigits(value: number, digits: number, isRounded: boolean): number {
  if (value === 0 || !Number.isFinite(value)) return value
  const quick = quickDigits(value, digits, isRounded)
  if (quick !== undefined) return quick
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential(14).split('e')
  const figures = mantissa.replace('.', '')
  const exponent = Number(exponentText)
  // How many of the figures are kept.
  const kept = exponent + 1 + digits
  if (kept >= figures.length) return Number(`${value < 0 ? '-' : ''}${figures}e${exponent - 14}`)
  if (kept < 0) return 0
  let whole = BigInt(figures.slice(0, kept) || '0')
  if (isRounded && (figures.charCodeAt(kept) as number) >= 53) whole += 1n
  const rounded = Number(`${whole}e${-digits}`)
  return value < 0 ? -rounded : rounded
}

/** By arithmetic, where doubles are exact enough to tell; undefined where the figures must be looked at. */
function quickDigits(value: number, digits: number, isRounded: boolean): number | undefined {
  if (!(digits >= 0 && digits <= 15)) return undefined
  const scale = 10 ** digits
  const scaled = Math.abs(value) * scale
  const whole = Math.floor(scaled)
  const rest = scaled - whole
  const doubt = scaled * 1e-14 + 1e-300
  const isClear = isRounded ? Math.abs(rest - 0.5) > doubt : rest > doubt && 1 - rest > doubt
  if (!isClear || scaled > 1e13) return undefined
  const result = (isRounded && rest > 0.5 ? whole + 1 : whole) / scale
  return value < 0 ? -result : result
}

const integerPattern = /^[-+]?\d+$/
const numberPattern = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/

/** A whole number from text. */
export function parseInteger(text: string): number {
  const trimmed = trimSpace(text)
  if (!integerPattern.test(trimmed)) throw rowFault(`${shown(text)} is no integer`)
  return integerOf(Number(trimmed))
}

export function parseNumber(text: string): number {
  const trimmed = trimSpace(text)
  if (!numberPattern.test(trimmed)) throw rowFault(`${shown(text)} is no number`)
  return finite(Number(trimmed))
}

/** A double as an integer: rounded, halves to the even one, as Postgres rounds doubles. */
export function integerFromNumber(value: number): number {
  return integerOf(roundEven(value))
}

/** White space as C knows it; what is more is part of the text. */
export function trimSpace(text: string): string {
  return text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, '')
}

const truths = ['true', 'yes', 'on', '1']
const lies = ['false', 'no', 'off', '0']

/** `true`, `t`, `yes`, `on`, `1` and their opposites, in any case, as far as one letter tells them apart. */
export function parseBoolean(text: string): boolean {
  const word = trimSpace(text).toLowerCase()
  const means = (words: readonly string[]): boolean => word !== '' && word !== 'o' && words.some(each => each.startsWith(word))
  if (means(truths)) return true
  if (means(lies)) return false
  throw rowFault(`${shown(text)} is neither true nor false`)
}
