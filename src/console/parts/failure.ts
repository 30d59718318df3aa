/** A failure in words for people: the own message and hint of the fault, or of an operation's (FaultData). */

export function describeFailure(error: unknown): {
  readonly message: string;
  readonly hint: string | undefined;
} {
  if (typeof error !== 'object' || error === null || !('message' in error))
    return { message: String(error), hint: undefined };
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  return { message: String(error.message), hint };
}
