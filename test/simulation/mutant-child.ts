/** Runs seeds over source in which one mutant lives: name and number of seeds as arguments; prints the seed that killed it and what was wrong. */
import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'

const [name, seeds] = process.argv.slice(2)
const mutant = mutants.find(one => one.name === name)
assert.ok(mutant, `there is no mutant "${name}"`)
let isChanged = false
registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith(`/${mutant.file}`)) return loaded
    const { source } = loaded
    const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString()
    const parts = text.split(mutant.find)
    assert.equal(parts.length, 2, `${mutant.file} has "${mutant.find}" once`)
    isChanged = true
    return { ...loaded, source: parts.join(mutant.replace) }
  },
})
const { runSeed } = await import('./run-seed.ts')
assert.ok(isChanged, `${mutant.file} is part of a run`)
let killed: string | null = null
for (let seed = 1; seed <= Number(seeds) && killed === null; seed++) {
  const { wrong } = await runSeed({ seed })
  if (wrong.length > 0) killed = `${seed}\t${wrong[0]!.split('\n')[0]!.slice(0, 90)}`
}
console.log(killed ?? '')
