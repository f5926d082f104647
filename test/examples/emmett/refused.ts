/** The error that a call ends with. */
export async function refused(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call()
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error(`${call.toString()} was not refused`)
}
