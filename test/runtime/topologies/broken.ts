/** A module of the tests that can not be loaded. */
throw new Error('no such luck')
