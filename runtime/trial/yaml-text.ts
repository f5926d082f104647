/** Values as YAML on one line, the way people write them: `{ type: order.large, data: { total: 300 } }`. */

/** What no reader of YAML, also of its older versions, takes for something else than a text. */
const plainText = /^[A-Za-z_$][\w$./-]*(?: [\w$./-]+)*$/
const otherThanText = /^(?:true|false|null|yes|no|on|off|y|n)$/i

export function yamlOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(yamlOf).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, one]) => `${yamlTextOf(name)}: ${yamlOf(one)}`)
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  if (typeof value === 'string') return yamlTextOf(value)
  return JSON.stringify(value) ?? 'null'
}

/** Quoted only where it must be; JSON's quotes are YAML's. */
export function yamlTextOf(text: string): string {
  return plainText.test(text) && !otherThanText.test(text) ? text : JSON.stringify(text)
}
