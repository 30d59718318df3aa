/** A failure in words for people: the own message and hint of the fault, or of an operation's (FaultData). */

export function describeFailure(error: unknown): {
  readonly message: string;
  readonly hint: string | undefined;
  readonly code: string | undefined;
} {
  if (typeof error !== 'object' || error === null || !('message' in error))
    return { message: String(error), hint: undefined, code: undefined };
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message: String(error.message), hint, code };
}
