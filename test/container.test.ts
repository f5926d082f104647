/** The container image, as far as it can be looked at without one: what is copied exists, nothing that runs is left out, and the program starts. */
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = resolve(import.meta.dirname, '..')
/** Each instruction on one line. */
const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
const instructions = lines.filter(line => line !== '' && !line.startsWith('#'))
const copied = instructions.flatMap(line => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? [])
const argumentsOf = (name: string): string[] =>
  instructions.flatMap(line => (line.startsWith(`${name} [`) ? (JSON.parse(line.slice(name.length)) as string[]) : []))

test('what is copied is there', () => {
  assert.ok(copied.length > 5)
  assert.equal(
    copied.filter(path => !existsSync(join(root, path))),
    [],
  )
})

test('every file that the program imports is in a folder that is copied', () => {
  const sources = copied.flatMap(folder => globSync('**/*.ts', { cwd: join(root, folder) }).map(file => join(folder, file)))
  const outside = sources.flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import\()'(\.{1,2}\/[^']+)'/g)]
      .map(([, target = '']) => join(file, '..', target))
      .filter(target => !copied.some(folder => target.startsWith(`${folder}/`)))
      .map(target => `${file}: ${target}`),
  )
  assert.equal(outside, [])
})

test('the entry point runs, and its command is one', async () => {
  const [program, ...words] = argumentsOf('ENTRYPOINT')
  assert.is(program, 'node')
  const { stdout } = await promisify(execFile)(process.execPath, [...words, ...argumentsOf('CMD'), '--help'], { cwd: root })
  assert.match(stdout, 'drain-timeout')
})

test('it runs as nobody special, with a volume, a port, a signal and a health check', () => {
  const has = (start: string): boolean => instructions.some(line => line.startsWith(start))
  assert.ok(['USER node', 'VOLUME /data', 'EXPOSE 7070', 'STOPSIGNAL SIGTERM', 'HEALTHCHECK '].every(has))
  assert.match(instructions.find(line => line.startsWith('HEALTHCHECK')) ?? '', '127.0.0.1:7070/ready')
})

test.run()
