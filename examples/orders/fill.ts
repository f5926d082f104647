/** Fills the store with a morning of the shop: `node examples/orders/fill.ts`. Run again, it adds nothing. */
import { openNode } from '../../runtime/index.ts'
import { type ShopEvent, shopMorning } from './events.ts'

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data' })
try {
  const [first] = shopMorning()
  const isFilled = first !== undefined && (await node.streamVersion(first.stream)) > 0
  const { events } = isFilled ? { events: 0 } : await node.appendInOrder<ShopEvent>(shopMorning())
  console.log(`${events} events stored`)
} finally {
  await node.close()
}
