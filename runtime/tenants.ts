/** The tenants of a node: the fold of `$tenants`. A tenant is there from its first append or deployment on; one that is dropped begins anew. */
import type { Event } from '../event/event.ts'
import { DEFAULT_TENANT, type Scope, scopeFor } from '../event/scope.ts'
import type { AppendForSystem } from './deploy/deployer-options.ts'

export const TENANTS_STREAM = '$tenants'

interface Named {
  readonly name: string
  /** How often one of this name was dropped before. */
  readonly drops: number
}

type TenantEvent =
  | { readonly type: 'tenant.created'; readonly data: Named }
  | { readonly type: 'tenant.dropped'; readonly data: Named }
  /** Nothing of what was dropped is left in the log or in the state. */
  | { readonly type: 'tenant.removed'; readonly data: Named }

/** A tenant from its making to its end. */
class Life {
  readonly name: string
  readonly drops: number
  readonly scope: Scope
  isCreated: boolean
  creating: Promise<Life> | null = null
  /** Writes that were begun and are not settled. */
  underWay = 0
  quiet: (() => void) | null = null

  constructor(name: string, drops: number, isCreated: boolean) {
    this.name = name
    this.drops = drops
    this.isCreated = isCreated
    this.scope = scopeFor(name, drops)
  }
}

export class Tenants {
  readonly #append: AppendForSystem
  readonly #catchUp: ((tenants: Tenants) => Promise<void>) | null
  /** Version of the last event that was folded. */
  folded = 0
  readonly #lives = new Map<string, Life>()
  /** Scopes that were dropped and not yet removed, with the event that says so. */
  readonly #leftovers = new Map<Scope, Named>()

  /** `catchUp`: where other nodes make tenants, too, folds all that they have noted by now. */
  constructor(append: AppendForSystem, catchUp: ((tenants: Tenants) => Promise<void>) | null = null) {
    this.#append = append
    this.#catchUp = catchUp
  }

  /** Takes up what the log says, once: two nodes may say the same, and one's own words come back. */
  fold(event: Pick<Event, 'type' | 'data' | 'version'>): void {
    if (event.version <= this.folded) return
    this.folded = event.version
    const { type, data } = event as unknown as TenantEvent
    const { name, drops } = data
    const scope = scopeFor(name, drops)
    const known = this.#lives.get(name)
    if (type === 'tenant.created') {
      if (known?.drops === drops) known.isCreated = true
      else if (!known || known.drops < drops) this.#lives.set(name, new Life(name, drops, true))
    } else if (type === 'tenant.dropped') {
      if (known && known.drops > drops) return
      this.#lives.set(name, new Life(name, drops + 1, false))
      this.#leftovers.set(scope, data)
    } else this.#leftovers.delete(scope)
  }

  /** All that are there, by name; without the default tenant. */
  get names(): string[] {
    return [...this.#lives.values()]
      .filter(({ isCreated }) => isCreated)
      .map(({ name }) => name)
      .sort()
  }

  get scopes(): Scope[] {
    return this.names.map(name => this.scopeOf(name))
  }

  /** Nothing is remembered of a name that is only asked for: anybody may ask for any. */
  scopeOf(name: string): Scope {
    return this.#lives.get(name)?.scope ?? scopeFor(name)
  }

  isThere(name: string): boolean {
    return name === DEFAULT_TENANT || this.#lives.get(name)?.isCreated === true
  }

  #life(name: string): Life {
    let life = this.#lives.get(name)
    if (!life) this.#lives.set(name, (life = new Life(name, 0, false)))
    return life
  }

  /** Does work that writes for a tenant, which is made first when it is not there. */
  writing<Answer>(name: string, work: (scope: Scope) => Promise<Answer>): Promise<Answer> {
    const life = this.#life(name)
    life.underWay++
    const done = life.isCreated ? work(life.scope) : this.#created(life).then(made => work(made.scope))
    return done.finally(() => {
      if (--life.underWay === 0) life.quiet?.()
    })
  }

  /** Resolves when every write that waits for its tenant to be made has been sent. */
  async sent(): Promise<void> {
    await Promise.allSettled(Array.from(this.#lives.values(), async ({ creating }) => creating))
  }

  /** The life that the name has then: elsewhere the tenant may have been made, or dropped, before. */
  #created(life: Life): Promise<Life> {
    life.creating ??= this.#create(life).catch((error: unknown) => {
      life.creating = null
      throw error
    })
    return life.creating
  }

  async #create(asked: Life): Promise<Life> {
    if (this.#catchUp) await this.#catchUp(this)
    const life = this.#life(asked.name)
    if (life.isCreated) return life
    const { name, drops } = life
    await this.#note({ type: 'tenant.created', data: { name, drops } })
    life.isCreated = true
    return life
  }

  /** From now on the name is another tenant's; answers the scope that is to be removed, once nobody writes to it any more. */
  async drop(name: string): Promise<Scope> {
    const life = this.#life(name)
    const { drops, scope } = life
    await this.#note({ type: 'tenant.dropped', data: { name, drops } })
    this.#leftovers.set(scope, { name, drops })
    this.#lives.set(name, new Life(name, drops + 1, false))
    if (life.underWay > 0) await new Promise<void>(resolve => (life.quiet = resolve))
    return scope
  }

  /** Scopes dropped before whose removal was not finished. */
  get leftovers(): Scope[] {
    return [...this.#leftovers.keys()]
  }

  async removed(scope: Scope): Promise<void> {
    const data = this.#leftovers.get(scope)
    if (!data) return
    await this.#note({ type: 'tenant.removed', data })
    this.#leftovers.delete(scope)
  }

  async #note(event: TenantEvent): Promise<void> {
    await this.#append(TENANTS_STREAM, event)
  }
}
