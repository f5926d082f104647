/** Functions of numbers. What is not finite is an error. */
import { rowFault } from '../fault.ts'
import { finite, integerOf, roundDigits, roundEven, truncDigits } from '../numbers.ts'
import type { FunctionSpec } from './spec.ts'

function power(a: number, b: number): number {
  if (a === 0 && b < 0) throw rowFault('zero raised to a negative power is undefined')
  if (a < 0 && !Number.isInteger(b)) throw rowFault('a negative number raised to a non-integer power has no real result')
  return finite(a ** b)
}

function sqrt(value: number): number {
  if (value < 0) throw rowFault('can not take the square root of a negative number')
  return finite(Math.sqrt(value))
}

function positive(value: number): number {
  if (value > 0) return value
  throw rowFault('can not take the logarithm of zero or of a negative number')
}

/** The logarithm of `value` to a base. */
function logTo(base: number, value: number): number {
  const divisor = Math.log(positive(base))
  if (divisor === 0) throw rowFault('division by zero')
  return finite(Math.log(positive(value)) / divisor)
}

function div(a: number, b: number): number {
  if (b === 0) throw rowFault('division by zero')
  return finite(Math.trunc(a / b)) + 0
}

function mod(a: number, b: number): number {
  if (b === 0) throw rowFault('division by zero')
  return finite(a % b)
}

function within(value: number, most: number): number {
  if (Math.abs(value) <= most) return value
  throw rowFault('input is out of range')
}

function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

/** In which of `count` equal buckets between two bounds a number lies; 0 below, one more than there are above. */
function widthBucket(value: number, low: number, high: number, count: number): number {
  if (count <= 0) throw rowFault('the number of buckets must be more than 0')
  if (low === high || !Number.isFinite(value) || !Number.isFinite(high - low)) throw rowFault('the bounds of buckets must differ')
  const at = low < high ? (value - low) / (high - low) : (low - value) / (low - high)
  return at < 0 ? 0 : at >= 1 ? count + 1 : Math.floor(at * count) + 1
}

const degrees = 180 / Math.PI

export const mathFunctions: readonly FunctionSpec[] = [
  { signature: 'abs(integer) → integer', about: 'Without its sign.', run: (value: number) => Math.abs(value) },
  { signature: 'abs(number) → number', about: '', run: (value: number) => Math.abs(value) },
  { signature: 'ceil(number) → number', about: 'The next whole number up.', run: (value: number) => Math.ceil(value) },
  { signature: 'ceiling(number) → number', about: 'As `ceil`.', run: (value: number) => Math.ceil(value) },
  { signature: 'floor(number) → number', about: 'The next whole number down.', run: (value: number) => Math.floor(value) },
  { signature: 'round(number) → number', about: 'The nearest whole number; halves go to the even one.', run: roundEven },
  {
    signature: 'round(number, integer) → number',
    about: 'With so many digits behind the point; halves go away from zero.',
    run: roundDigits,
  },
  { signature: 'trunc(number) → number', about: 'Without what is behind the point.', run: (value: number) => Math.trunc(value) },
  { signature: 'trunc(number, integer) → number', about: 'Cut after so many digits behind the point.', run: truncDigits },
  { signature: 'sign(number) → number', about: '−1, 0 or 1.', run: (value: number) => Math.sign(value) },
  {
    signature: 'mod(integer, integer) → integer',
    about: 'What is left of a division, as `%`.',
    run: (a: number, b: number) => mod(a, b) + 0,
  },
  { signature: 'mod(number, number) → number', about: '', run: mod },
  { signature: 'div(number, number) → number', about: 'The whole part of a division.', run: div },
  { signature: 'power(number, number) → number', about: 'The first raised to the second, as `^`.', run: power },
  { signature: 'pow(number, number) → number', about: 'As `power`.', run: power },
  { signature: 'sqrt(number) → number', about: 'The square root.', run: sqrt },
  { signature: 'cbrt(number) → number', about: 'The cube root.', run: (value: number) => Math.cbrt(value) },
  { signature: 'exp(number) → number', about: 'e raised to it.', run: (value: number) => finite(Math.exp(value)) },
  { signature: 'ln(number) → number', about: 'The natural logarithm.', run: (value: number) => Math.log(positive(value)) },
  { signature: 'log(number) → number', about: 'The logarithm to 10.', run: (value: number) => Math.log10(positive(value)) },
  { signature: 'log10(number) → number', about: 'As `log`.', run: (value: number) => Math.log10(positive(value)) },
  { signature: 'log(number, number) → number', about: 'The logarithm of the second to the base of the first.', run: logTo },
  { signature: 'gcd(integer, integer) → integer', about: 'The greatest common divisor.', run: gcd },
  {
    signature: 'lcm(integer, integer) → integer',
    about: 'The least common multiple.',
    run: (a: number, b: number) => (a === 0 || b === 0 ? 0 : integerOf(Math.abs((a / gcd(a, b)) * b))),
  },
  {
    signature: 'width_bucket(number, number, number, integer) → integer',
    about: 'In which of n equal buckets between two bounds it lies.',
    run: widthBucket,
  },
  { signature: 'pi() → number', about: 'π.', run: () => Math.PI },
  { signature: 'sin(number) → number', about: 'Of an angle in radians, as all of these.', run: (value: number) => finite(Math.sin(value)) },
  { signature: 'cos(number) → number', about: '', run: (value: number) => finite(Math.cos(value)) },
  { signature: 'tan(number) → number', about: '', run: (value: number) => finite(Math.tan(value)) },
  { signature: 'asin(number) → number', about: '', run: (value: number) => Math.asin(within(value, 1)) },
  { signature: 'acos(number) → number', about: '', run: (value: number) => Math.acos(within(value, 1)) },
  { signature: 'atan(number) → number', about: '', run: (value: number) => Math.atan(value) },
  { signature: 'atan2(number, number) → number', about: '', run: (y: number, x: number) => Math.atan2(y, x) },
  { signature: 'radians(number) → number', about: 'From degrees.', run: (value: number) => value / degrees },
  { signature: 'degrees(number) → number', about: 'From radians.', run: (value: number) => finite(value * degrees) },
]
