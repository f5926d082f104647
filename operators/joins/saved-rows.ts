/** Rows of one side of a join on disk: pieces of the list of a key, each with the rows that came between two barriers. */
import { ByteWriter, type ByteReader } from '../aggregates/bytes.ts'
import { exactText, exactValue } from '../keyed/exact.ts'
import type { StepState } from '../operator.ts'
import type { StoredRows } from './stored-rows.ts'

/** A piece has at most so many rows, so that a row that changes costs little more than itself. */
export const pieceRowsMax = 256

/** First byte of the keys of pieces; the second is the side. */
export const pieceRow = 2

const none = -1
const [numbers, texts, values] = [1, 2, 0]

export interface SavedSide {
  readonly state: StepState
  readonly side: number
  readonly rows: StoredRows
  /** The values of a key by its number. */
  keyOf(key: number): readonly unknown[]
  /** False when the columns are not the same for all rows, so that each piece names them. */
  readonly isFixed: boolean
}

export class SavedRows {
  readonly #of: SavedSide
  readonly #writer = new ByteWriter()
  /** By number of the piece. */
  readonly #live: number[] = []
  readonly #serials: number[] = []
  readonly #isDirty: boolean[] = []
  readonly #free: number[] = []
  /** By number of the key: its first row that no piece has, the serial of its next piece, whether pieces of it changed. */
  #firstNew = new Map<number, number>()
  #serialOf = new Map<number, number>()
  #changed = new Set<number>()

  constructor(of: SavedSide) {
    this.#of = of
  }

  /** A row was linked. */
  added(place: number): void {
    const { rows } = this.#of
    const key = rows.key[place] as number
    if (rows.next[place] !== none) this.#changed.add(key)
    else if (!this.#firstNew.has(key)) this.#firstNew.set(key, place)
  }

  /** What is saved of a row is not right any more. */
  changed(place: number): void {
    const piece = this.#of.rows.piece[place] as number
    if (piece === none || this.#isDirty[piece] === true) return
    this.#isDirty[piece] = true
    this.#changed.add(this.#of.rows.key[place] as number)
  }

  /** A row takes the place of the one before it, which is about to leave; the piece stays and will hold the new one. */
  replaced(old: number, place: number): void {
    const { piece } = this.#of.rows
    if (piece[old] === none) return this.added(place)
    piece[place] = piece[old] as number
    piece[old] = none
    this.changed(place)
  }

  /** A row is about to be unlinked; one whose time is over needs no word on disk, since the clock there says so. */
  leaving(place: number, isOver: boolean): void {
    const { rows } = this.#of
    const [key, piece] = [rows.key[place] as number, rows.piece[place] as number]
    if (piece === none) {
      if (this.#firstNew.get(key) === place) this.#moveFirstNew(key, rows.next[place] as number)
    } else if (--(this.#live[piece] as number) === 0) {
      this.#of.state.delete(this.#pieceKey(key, this.#serials[piece] as number))
      this.#free.push(piece)
    } else if (!isOver) this.changed(place)
    if (rows.head(key) === rows.tail(key)) this.#serialOf.delete(key)
  }

  #moveFirstNew(key: number, place: number): void {
    if (place === none) this.#firstNew.delete(key)
    else this.#firstNew.set(key, place)
  }

  /** Writes what came or changed since the last barrier and is still there. */
  save(): void {
    const { rows } = this.#of
    for (const key of this.#changed) {
      this.#saveAll(key)
      this.#firstNew.delete(key)
    }
    for (const [key, first] of this.#firstNew) {
      let piece: number[] = []
      for (let place = first; place !== none; place = rows.next[place] as number) {
        piece.push(place)
        if (piece.length < pieceRowsMax) continue
        this.#saveNew(key, piece)
        piece = []
      }
      if (piece.length > 0) this.#saveNew(key, piece)
    }
    this.#firstNew.clear()
    this.#changed.clear()
  }

  #saveAll(key: number): void {
    const { rows } = this.#of
    const fresh: number[] = []
    const dirty = new Map<number, number[]>()
    for (let place = rows.head(key); place !== none; place = rows.next[place] as number) {
      const piece = rows.piece[place] as number
      if (piece === none) fresh.push(place)
      else if (this.#isDirty[piece] === true) {
        const places = dirty.get(piece)
        if (places === undefined) dirty.set(piece, [place])
        else places.push(place)
      }
    }
    for (const [piece, places] of dirty) {
      this.#isDirty[piece] = false
      this.#write(key, this.#serials[piece] as number, places)
    }
    for (let from = 0; from < fresh.length; from += pieceRowsMax) this.#saveNew(key, fresh.slice(from, from + pieceRowsMax))
  }

  #saveNew(key: number, places: readonly number[]): void {
    const serial = this.#serialOf.get(key) ?? 0
    this.#serialOf.set(key, serial + 1)
    const piece = this.#pieceOf(serial, places.length)
    for (const place of places) this.#of.rows.piece[place] = piece
    this.#write(key, serial, places)
  }

  #pieceOf(serial: number, live: number): number {
    const piece = this.#free.pop() ?? this.#live.length
    this.#live[piece] = live
    this.#serials[piece] = serial
    this.#isDirty[piece] = false
    return piece
  }

  #pieceKey(key: number, serial: number): Uint8Array {
    this.#writer.byte(pieceRow)
    this.#writer.byte(this.#of.side)
    this.#writer.text(exactText(this.#of.keyOf(key)))
    this.#writer.integer(serial)
    return this.#writer.take()
  }

  #write(key: number, serial: number, places: readonly number[]): void {
    const { state, rows, isFixed } = this.#of
    const name = this.#pieceKey(key, serial)
    const writer = this.#writer
    writer.integer(places.length)
    for (const place of places) {
      writer.number(rows.time[place] as number)
      writer.number(rows.close[place] as number)
      writer.byte(rows.flags[place] as number)
    }
    if (!isFixed) writer.text(JSON.stringify([...rows.columns.keys()]))
    for (const column of rows.columns.values())
      writeList(
        places.map(place => column.get(place)),
        writer,
      )
    state.put(name, writer.take())
  }

  /** Notes a piece that was read; its rows are linked. Without rows that are still wanted it goes. */
  loaded(key: number, serial: number, places: readonly number[]): void {
    if (places.length === 0) return this.#of.state.delete(this.#pieceKey(key, serial))
    const piece = this.#pieceOf(serial, places.length)
    for (const place of places) this.#of.rows.piece[place] = piece
    this.#serialOf.set(key, Math.max(serial + 1, this.#serialOf.get(key) ?? 0))
  }

  /** Numbers of keys mean other keys from here on; those without rows are forgotten. */
  renumber(idOf: (key: number) => number): void {
    const { rows } = this.#of
    const isKept = (key: number): boolean => rows.head(key) !== none
    this.#firstNew = new Map([...this.#firstNew].filter(([key]) => isKept(key)).map(([key, place]) => [idOf(key), place]))
    this.#serialOf = new Map([...this.#serialOf].filter(([key]) => isKept(key)).map(([key, serial]) => [idOf(key), serial]))
    this.#changed = new Set([...this.#changed].filter(isKept).map(idOf))
  }
}

function writeList(list: readonly unknown[], writer: ByteWriter): void {
  if (list.every(value => typeof value === 'number')) {
    writer.byte(numbers)
    for (const value of list) writer.number(value)
  } else if (list.every(value => typeof value === 'string')) {
    writer.byte(texts)
    for (const value of list) writer.text(value)
  } else {
    writer.byte(values)
    writer.text(exactText(list))
  }
}

export interface SavedPiece {
  readonly rows: readonly { readonly time: number; readonly close: number; readonly flags: number }[]
  readonly columns: readonly (readonly [name: string, values: readonly unknown[]])[]
}

/** Reads a piece; `names` are those of its columns, if it does not say them itself. */
export function readPiece(reader: ByteReader, names: readonly string[] | undefined): SavedPiece {
  const count = reader.integer()
  const rows = Array.from({ length: count }, () => ({ time: reader.number(), close: reader.number(), flags: reader.byte() }))
  const own = names ?? (JSON.parse(reader.text()) as readonly string[])
  return { rows, columns: own.map(name => [name, readList(reader, count)] as const) }
}

function readList(reader: ByteReader, count: number): readonly unknown[] {
  const form = reader.byte()
  if (form === values) return exactValue(reader.text()) as readonly unknown[]
  return Array.from({ length: count }, () => (form === numbers ? reader.number() : reader.text()))
}
