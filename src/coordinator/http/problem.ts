/**
 * Faults as problem details (RFC 9457), made here and nowhere else. What is not a fault is a bug: it is
 * logged whole and answered without any of it, only with the correlation id to find it by.
 */
import { AssertionError, Fault, faultCodes, isFault, type FaultCode } from '#lib';
import type { Log } from '#log';
import { logPath, type Problem } from '#api';

export interface ProblemAnswer {
  readonly status: number;
  readonly body: Problem;
  /** Seconds after which the same request may succeed, where that is known. */
  readonly retryAfterSeconds: number | undefined;
}

export const problemMediaType = 'application/problem+json';

/** As bytes, so that no character set is added to a type that has none. */
export function problemBytes(body: Problem): Buffer {
  return Buffer.from(JSON.stringify(body));
}

const titles: Readonly<Record<FaultCode, string>> = {
  invalid: 'The request is wrong',
  unauthenticated: 'Sign in first',
  forbidden: 'Not allowed',
  'not-found': 'Not found',
  exists: 'Exists already',
  refused: 'Refused in this state',
  blocked: 'Blocked',
  stale: 'Changed meanwhile',
  'too-large': 'Too large',
  unsupported: 'Not supported',
  'rate-limited': 'Too many requests',
  cancelled: 'Cancelled',
  internal: 'Internal error',
  corrupt: 'Data is damaged',
  unavailable: 'Not available',
  timeout: 'Time limit passed',
  exhausted: 'Used up',
};

const maxCauses = 8;

/** The message with those causes that are faults too: texts of other errors may tell of our inside. */
function describe(fault: Fault): string {
  const parts: string[] = [];
  let current: unknown = fault;
  for (let depth = 0; depth < maxCauses && isFault(current); depth += 1) {
    if (!parts.includes(current.message)) parts.push(current.message);
    current = current.cause;
  }
  return parts.join(': ');
}

export function makeProblem(error: unknown, correlationId: string, log: Log): ProblemAnswer {
  const fault = isFault(error)
    ? error
    : new Fault('internal', 'an unexpected failure', {
        hint: `look for ${correlationId} in the coordinator's log`,
      });
  if (!isFault(error) || error.code === 'internal')
    log[error instanceof AssertionError ? 'fatal' : 'error'](
      { err: error, correlationId },
      'a request failed in an unexpected way',
    );
  const { status } = faultCodes[fault.code];
  const retryAfter: unknown = fault.facts['retryAfterSeconds'];
  return {
    status,
    retryAfterSeconds: typeof retryAfter === 'number' ? Math.ceil(retryAfter) : undefined,
    body: {
      type: `/api#fault-${fault.code}`,
      title: titles[fault.code],
      status,
      code: fault.code,
      detail: describe(fault),
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      ...(Object.keys(fault.facts).length === 0 ? {} : { facts: { ...fault.facts } }),
      ...(fault.reasons.length === 0
        ? {}
        : { reasons: fault.reasons.map((reason) => ({ ...reason })) }),
      correlationId,
      log: logPath(correlationId),
    },
  };
}
