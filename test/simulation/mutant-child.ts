/** Runs schedules, then seeds, over source in which one mutant lives: name and number of seeds as arguments; prints what killed it. */
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
const { schedules } = await import('./schedules.ts')
assert.ok(isChanged, `${mutant.file} is part of a run`)
const ends = async (run: () => Promise<void>): Promise<boolean> =>
  run().then(
    () => true,
    () => false,
  )
let killed: string | null = null
for (const one of schedules) if (killed === null && !(await ends(one.run))) killed = `schedule\t${one.name}`
for (let seed = 1; seed <= Number(seeds) && killed === null; seed++) {
  const { wrong } = await runSeed({ seed })
  if (wrong.length > 0) killed = `seed ${seed}\t${wrong[0]!.split('\n')[0]!.slice(0, 90)}`
}
console.log(killed ?? '')
process.exit(0)
