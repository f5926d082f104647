#!/usr/bin/env node
/** The command `allsource`: runs the sources in the repository and the compiled files in the package. */
import { existsSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`allsource needs Node 22.18 or newer; this is ${process.version}\n`)
  process.exit(1)
}
const source = new URL('./cli.ts', import.meta.url)
const compiled = new URL('../../dist/runtime/ops/cli.js', import.meta.url)
await import((existsSync(source) ? source : compiled).href)
