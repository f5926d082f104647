/** Port of the page of a timer whose call failed: no row came by it, and none can come back. */
export const timerPort = 'timer'
