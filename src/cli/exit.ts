/** Exit codes by fault: the one place where they are made. Documented in docs/errors.md; 0 is success. */
import type { FaultCode } from '#lib';

const codes: Readonly<Record<FaultCode, number>> = {
  internal: 1,
  invalid: 2,
  'not-found': 3,
  unauthenticated: 4,
  forbidden: 5,
  refused: 6,
  blocked: 7,
  exists: 8,
  stale: 9,
  unsupported: 10,
  exhausted: 11,
  unavailable: 12,
  timeout: 13,
  cancelled: 14,
  'too-large': 15,
  'rate-limited': 16,
  corrupt: 17,
};

/** What the shell is told when a command found something not well (`gantry status`). */
export const notWell = 20;

export function exitCodeOf(code: FaultCode): number {
  return codes[code];
}
