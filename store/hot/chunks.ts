/** The pages of a slab as its writer deals them out: chunks of a few sizes, and those to take back when there is none left. */
import { chunkWords, PAGE_WORDS } from './layout.ts'

/** Chunks looked at for one that may be taken back. */
const LOOKS_MAX = 64
/** Pages of other sizes looked at for one that may be taken over. */
const PAGES_LOOKED_MAX = 4

export interface ChunkOwner {
  /** What stands at a word may go: the chunk is used, and its row is durable. */
  isEvictable(at: number): boolean
  isFree(at: number): boolean
  /** Its row is not to be found any more when this returns. */
  evict(at: number): void
  /** So many words from there are to be as they were at first: free. */
  clear(from: number, words: number): void
}

/** All chunks of one size. */
interface Size {
  readonly words: number
  readonly pages: number[]
  /** Given back. */
  free: number[]
  /** The rest of the page that was taken last, never used. */
  next: number
  end: number
  /** Where the search for an old row goes on: a page of the list, a chunk of it. */
  handPage: number
  handChunk: number
  /** Rows pushed out since it got its last page. */
  evictions: number
}

export class Chunks {
  readonly #owner: ChunkOwner
  readonly #sizes: readonly Size[]
  readonly #lastPage: number
  #nextPage: number

  constructor(owner: ChunkOwner, { pagesStart, pages }: { readonly pagesStart: number; readonly pages: number }) {
    this.#owner = owner
    this.#nextPage = pagesStart
    this.#lastPage = pagesStart + pages * PAGE_WORDS
    this.#sizes = chunkWords.map(words => ({ words, pages: [], free: [], next: 0, end: 0, handPage: 0, handChunk: 0, evictions: 0 }))
  }

  /** Where a chunk of a size begins; −1 when every row that could make room is still to be written. */
  take(sizeIndex: number): number {
    const size = this.#sizes[sizeIndex]!
    const free = size.free.pop()
    if (free !== undefined) return free
    if (size.next + size.words <= size.end || this.#newPage(size)) {
      size.next += size.words
      return size.next - size.words
    }
    // A size whose rows push each other out again and again gets a page of those that have more.
    if (size.evictions > size.pages.length * Math.floor(PAGE_WORDS / size.words) && this.#takeOver(size)) return this.take(sizeIndex)
    const evicted = this.#evictOne(size)
    if (evicted >= 0) return evicted
    return this.#takeOver(size) ? this.take(sizeIndex) : -1
  }

  give(sizeIndex: number, at: number): void {
    this.#sizes[sizeIndex]!.free.push(at)
  }

  #newPage(size: Size): boolean {
    if (this.#nextPage >= this.#lastPage) return false
    this.#use(size, this.#nextPage)
    this.#nextPage += PAGE_WORDS
    return true
  }

  #use(size: Size, page: number): void {
    size.pages.push(page)
    size.next = page
    size.end = page + PAGE_WORDS
    size.evictions = 0
  }

  /** In turn, the oldest first as long as rows keep their size; rows that are not durable are passed. */
  #evictOne(size: Size): number {
    const chunks = Math.floor(PAGE_WORDS / size.words)
    const looks = Math.min(LOOKS_MAX, size.pages.length * chunks)
    for (let look = 0; look < looks; look++) {
      if (size.handChunk >= chunks) {
        size.handChunk = 0
        size.handPage++
      }
      if (size.handPage >= size.pages.length) size.handPage = 0
      const at = size.pages[size.handPage]! + size.handChunk++ * size.words
      if (!this.#owner.isEvictable(at)) continue
      this.#owner.evict(at)
      size.evictions++
      return at
    }
    return -1
  }

  /** A page of the size that has most of them, if all its rows are durable. */
  #takeOver(size: Size): boolean {
    const donor = this.#sizes.reduce((most, each) => (each !== size && each.pages.length > most.pages.length ? each : most), size)
    if (donor === size || donor.pages.length <= size.pages.length) return false
    const looked = donor.pages.slice(0, PAGES_LOOKED_MAX)
    const page = looked.find(start => this.#chunksOf(donor, start).every(at => this.#owner.isFree(at) || this.#owner.isEvictable(at)))
    // Those that were looked at go to the end, so that others have their turn.
    donor.pages.splice(0, looked.length)
    donor.pages.push(...looked.filter(start => start !== page))
    if (page === undefined) return false
    for (const at of this.#chunksOf(donor, page)) if (!this.#owner.isFree(at)) this.#owner.evict(at)
    donor.free = donor.free.filter(at => at < page || at >= page + PAGE_WORDS)
    this.#owner.clear(page, PAGE_WORDS)
    if (donor.end === page + PAGE_WORDS) donor.next = donor.end = 0
    this.#use(size, page)
    return true
  }

  #chunksOf(size: Size, page: number): number[] {
    return Array.from({ length: Math.floor(PAGE_WORDS / size.words) }, (_, index) => page + index * size.words)
  }
}
