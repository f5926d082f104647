/** Cells of so many numbers each, one cell behind another. */
import { grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

export class WideCells {
  protected sums = new Float64Array(0)
  protected readonly width: number

  constructor(width: number) {
    this.width = width
  }

  grow(cells: number): void {
    this.sums = grown(this.sums, cells * this.width)
  }

  reset(cell: number): void {
    this.sums.fill(0, cell * this.width, (cell + 1) * this.width)
  }

  save(cell: number, writer: ByteWriter): void {
    writer.numbers(this.sums.subarray(cell * this.width, (cell + 1) * this.width))
  }

  load(cell: number, reader: ByteReader): void {
    this.sums.set(reader.numbers(this.width), cell * this.width)
  }
}
