/** `allsource top`: what each topology and each of its steps is doing, as it does it. */
import { command } from '../command.ts'
import { TopView } from '../top-output.ts'
import { aborted, firstOf } from '../topology-wait.ts'
import { wholeNumber } from '../values.ts'
import { systemClock } from '../../../event/clock.ts'

const intervalDefaultMs = 1_000

export const top = command({
  name: 'top',
  summary: 'Shows topologies and their steps at work: rows a second, lag, watermark, late and dead rows.',
  arguments: {},
  flags: {
    once: { value: null, summary: 'Looks twice, an interval apart, prints once and ends.' },
    interval: { value: wholeNumber('MS', 100), summary: `Time between two looks. Default ${intervalDefaultMs} ms.` },
  },
  notes: [
    'Where no node runs, the topologies run while they are shown, and stop with the command. Ctrl-C is its ordinary end: exit 0.',
    'On a terminal the view stays in place; elsewhere each look is printed below the one before. With --json each topology is one ' +
      'line a look, with rowsPerSecond and lagEvents.',
  ],
  examples: [
    { line: 'allsource top', does: 'until Ctrl-C' },
    { line: 'allsource top --once --json', does: 'one look, a line of JSON for each topology' },
  ],
  runsTopologies: true,
  endsBySignal: true,
  async run({ flags: { once, interval = intervalDefaultMs }, terminal, open, signal }) {
    const node = await open()
    const view = new TopView(terminal)
    const stopped = aborted(signal)
    view.look(await node.topologies(), systemClock.monotonic())
    for (;;) {
      await firstOf([stopped], interval)
      if (signal.aborted) return
      view.look(await node.topologies(), systemClock.monotonic())
      await view.print()
      if (once) return
    }
  },
})
