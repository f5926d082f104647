/** A topology of the tests that follows the log by two sources. */
export const taps = {
  name: 'taps',
  version: 1,
  sources: [
    { id: 'orders', kind: 'log', types: ['ordered'] },
    { id: 'payments', kind: 'log', categories: ['payment', 'both'] },
  ],
  steps: [
    {
      id: 'all',
      operator: 'append',
      options: { stream: 'all', type: 'seen', data: ['n'] },
      from: [
        { step: 'orders', port: 'main' },
        { step: 'payments', port: 'main' },
      ],
    },
    { id: 'fine', operator: 'filter', options: { where: './letters.ts#isFine' }, from: [{ step: 'payments', port: 'main' }] },
    { id: 'paid', operator: 'append', options: { stream: 'paid', type: 'seen', data: ['n'] }, from: [{ step: 'fine', port: 'main' }] },
  ],
}
