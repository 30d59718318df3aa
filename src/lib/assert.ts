/**
 * Assertions: for bugs only. A false assertion means that this program is wrong, so it throws an
 * error that nothing catches; the expected (bad input, a host that is away) is a Fault.
 */

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws when the condition is false: the caller broke an invariant of this program. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(`bug: ${message}`);
}

/** The value, which is known to be there; throws when it is not. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is missing`);
  return value;
}

/** The end of an exhaustive switch; the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`bug: unreachable value ${JSON.stringify(value)}`);
}
