/** Tables from files of every format, and what is said when one can not be read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueAt } from '../../operators/columns.ts'
import { csvRows, parseCsv } from '../../operators/sources/csv.ts'
import { readTable, type TableUse } from '../../operators/sources/table.ts'

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'allsource-table-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const moduleIn = (folder: string): string => pathToFileURL(join(folder, 'pipeline.ts')).href

async function lookUp(use: TableUse, module: string, key: string, field: string): Promise<unknown> {
  const table = await readTable(use, module)
  const [column, row] = [table.columns.get(field), table.rowOfKey.get(key)]
  return column === undefined || row === undefined ? undefined : valueAt(column, row)
}

test('CSV, JSON and NDJSON beside the module, by their endings', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'a.csv'), '\ufeffiata,name,state\r\nJFK,"Kennedy, ""New York""\nUSA",NA\r\nBOS,Logan,MA\r\n')
    await writeFile(join(folder, 'a.json'), '[{"iata":"JFK","state":"NY"},{"iata":7,"state":null}]')
    await writeFile(join(folder, 'a.jsonl'), '{"iata":"JFK","state":"old"}\n\n{"iata":"JFK","state":"NY"}\n')
    const module = moduleIn(folder)
    assert.is(await lookUp({ file: './a.csv', key: 'iata' }, module, 'JFK', 'name'), 'Kennedy, "New York"\nUSA')
    assert.is(await lookUp({ file: './a.csv', key: 'iata' }, module, 'JFK', 'state'), 'NA')
    assert.is(await lookUp({ file: 'a.json', key: 'iata' }, module, 'JFK', 'state'), 'NY')
    assert.is(await lookUp({ file: 'a.json', key: 'iata' }, module, '7', 'state'), null)
    assert.is(await lookUp({ file: 'a.jsonl', key: 'iata' }, module, 'JFK', 'state'), 'NY', 'the last row of a key counts')
  }))

test('Parquet: large integers stay exact as texts, dates become milliseconds', async () => {
  const use = { file: '../fixtures/tables/airports.parquet', key: 'iata' }
  assert.is(await lookUp(use, import.meta.url, 'JFK', 'flights'), 12)
  assert.is(await lookUp(use, import.meta.url, 'BOS', 'flights'), '9007199254740993')
  assert.is(await lookUp(use, import.meta.url, 'BOS', 'opened'), 86_400_000)
})

test('what can not be read is INVALID', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'short.csv'), 'a,b\n1\n')
    await writeFile(join(folder, 'open.csv'), 'a,b\n1,"x\n')
    await writeFile(join(folder, 'good.csv'), 'a,b\n1,2\n')
    await writeFile(join(folder, 'bad.json'), '{"a":1}')
    await writeFile(join(folder, 'bad.parquet'), 'no parquet')
    for (const use of [
      { file: 'short.csv' },
      { file: 'open.csv' },
      { file: 'bad.json' },
      { file: 'bad.parquet' },
      { file: 'none.csv' },
      { file: 'a.xls' },
      { file: 'good.csv', key: 'z' },
    ]) {
      let code: unknown
      await readTable({ key: 'a', ...use }, moduleIn(folder)).catch((error: { code: unknown }) => (code = error.code))
      assert.is(code, 'INVALID', use.file)
    }
  }))

test('CSV as RFC 4180 has it', () => {
  assert.equal(parseCsv('a,b\n"x","y"\n,\n"",z'), [
    ['a', 'b'],
    ['x', 'y'],
    ['', ''],
    ['', 'z'],
  ])
  assert.equal(parseCsv('a,\n'), [['a', '']])
  assert.equal(parseCsv('a,'), [['a', '']])
  assert.equal(csvRows('a,b\n1,"2,3"\n'), [{ a: '1', b: '2,3' }])
})

test.run()
