/** A failure as people are told it: the message, reasons and hint of the fault, or of an operation's (FaultData). */
import type { Reason } from '#lib';

export interface Failure {
  readonly message: string;
  readonly reasons: readonly Reason[];
  readonly hint: string | undefined;
  readonly code: string | undefined;
  /** The filter that leaves of the event log what the failed operation has caused (EVT-08). */
  readonly logFilter: string | undefined;
}

export function describeFailure(error: unknown): Failure {
  if (typeof error !== 'object' || error === null || !('message' in error))
    return {
      message: String(error),
      reasons: [],
      hint: undefined,
      code: undefined,
      logFilter: undefined,
    };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const reasons =
    'reasons' in error && Array.isArray(error.reasons) ? (error.reasons as readonly Reason[]) : [];
  const told = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  // What a reason says already is not said twice.
  const hint = reasons.some(({ remedy }) => remedy === told) ? undefined : told;
  const logFilter = 'log' in error ? filterOf(error.log) : undefined;
  return { message: String(error.message), reasons, hint, code, logFilter };
}

function filterOf(log: unknown): string | undefined {
  if (typeof log !== 'string') return undefined;
  return new URLSearchParams(log.slice(log.indexOf('?'))).get('filter') ?? undefined;
}
