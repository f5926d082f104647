/** Makes docs/errors.md from the one table of codes. */
import { errorCodes } from '../../event/error.ts'

const retries = { no: 'no', yes: 'yes', ids: 'only with ids' } as const

export function generate(): ReadonlyMap<string, string> {
  const rows = Object.entries(errorCodes).map(
    ([code, row]) => `| \`${code}\` | ${retries[row.retry]} | ${row.http} | ${row.resp} | ${row.exit} | ${row.when} |`,
  )
  const page = `# Errors

<!-- Generated from event/error.ts by \`npm run generate\`. -->

Every failure that a caller can meet is an \`EventStoreError\` with one of these codes. Codes are stable; the wording of a message is not.
*Retry* says whether the same request may be sent again as it is; *exit* is the exit code of the command line.

| code | retry | HTTP | RESP | exit | when |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
  return new Map([['docs/errors.md', page]])
}
