/** Aligned columns for people, written in runs of rows so that an endless read needs no memory. */
import { type Terminal, visible } from './terminal.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** Rows that are aligned with each other; later ones keep at least these widths. */
const rowsAligned = 64
const gap = '  '

export class Table {
  readonly #terminal: Terminal
  readonly #columns: readonly Column[]
  readonly #widths: number[]
  #rows: string[][] = []
  #hasTitles = false
  /** One run of rows after the other, also when a timer flushes while a reader is slow. */
  #writing: Promise<void> = Promise.resolve()

  constructor(terminal: Terminal, columns: readonly Column[]) {
    this.#terminal = terminal
    this.#columns = columns
    this.#widths = columns.map(({ title }) => title.length)
  }

  async row(cells: readonly (string | number)[]): Promise<void> {
    this.#rows.push(cells.map(cell => visible(typeof cell === 'number' ? cell.toLocaleString('en-US') : cell).replaceAll('\n', '\\n')))
    if (this.#rows.length >= rowsAligned) await this.flush()
  }

  /** Writes what has gathered; nothing at all for a table without rows. */
  async flush(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    this.#writing = this.#writing.then(() => this.#write(rows))
    return this.#writing
  }

  async #write(rows: readonly (readonly string[])[]): Promise<void> {
    for (const cells of rows) for (const [at, cell] of cells.entries()) this.#widths[at] = Math.max(this.#widths[at] ?? 0, lengthOf(cell))
    if (rows.length > 0 && !this.#hasTitles) {
      this.#hasTitles = true
      await this.#terminal.line(this.#terminal.colours.dim(this.#aligned(this.#columns.map(({ title }) => title))))
    }
    for (const cells of rows) await this.#terminal.line(this.#aligned(cells))
    await this.#terminal.flush()
  }

  #aligned(cells: readonly string[]): string {
    const padded = cells.map((cell, at) => {
      const room = ' '.repeat(Math.max(0, (this.#widths[at] ?? 0) - lengthOf(cell)))
      if (this.#columns[at]?.align === 'right') return room + cell
      return at === cells.length - 1 ? cell : cell + room
    })
    return cut(padded.join(gap).trimEnd(), this.#terminal.width)
  }
}

/** Code points, which is near enough to the cells of a terminal for what is stored here. */
function lengthOf(cell: string): number {
  let length = 0
  for (const _ of cell) length++
  return length
}

function cut(line: string, width: number | null): string {
  if (width === null || line.length <= width) return line
  return `${line.slice(0, width - 1).toWellFormed()}…`
}
