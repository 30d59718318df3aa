/**
 * Faults: everything that is expected to go wrong. One class, one table of codes. The table gives the
 * HTTP status and whether the same request may succeed later; problem details (coordinator/http), exit
 * codes (cli) and libvirt error numbers (libvirt) are each made from it in exactly one function.
 *
 * Wording: lower case, names the thing and what this layer was doing, never repeats the cause, which
 * `describeFault` appends: `cannot start vm web-1: qmp greeting: connection refused`.
 */

interface CodeFacts {
  /** HTTP status (RFC 9110). */
  readonly status: number;
  /** Whether the same request may succeed later without a change of its content. */
  readonly retry: boolean;
  /** What the code means, as in docs/errors.md. */
  readonly meaning: string;
}

export const faultCodes = {
  invalid: {
    status: 400,
    retry: false,
    meaning: 'the request or file is malformed or out of bounds',
  },
  unauthenticated: {
    status: 401,
    retry: false,
    meaning: 'no proof of identity, or it has expired',
  },
  forbidden: { status: 403, retry: false, meaning: 'the identity is known and lacks the right' },
  'not-found': {
    status: 404,
    retry: false,
    meaning: 'the named thing does not exist or is not visible',
  },
  exists: { status: 409, retry: false, meaning: 'the name or id is taken' },
  refused: { status: 409, retry: false, meaning: 'the present state does not allow the action' },
  blocked: {
    status: 409,
    retry: false,
    meaning: 'checks found reasons against it, all of them listed',
  },
  stale: { status: 412, retry: false, meaning: 'the thing has changed since it was read' },
  'too-large': {
    status: 413,
    retry: false,
    meaning: 'a body, file, name or list exceeds its bound',
  },
  unsupported: { status: 422, retry: false, meaning: 'the driver, host or guest cannot do it' },
  'rate-limited': { status: 429, retry: true, meaning: 'too many requests or failed log-ins' },
  cancelled: { status: 409, retry: false, meaning: 'somebody cancelled the work' },
  internal: { status: 500, retry: false, meaning: 'a bug or a failure that has no better name' },
  corrupt: { status: 500, retry: false, meaning: 'stored data or a disk is damaged' },
  unavailable: { status: 503, retry: true, meaning: 'a host, process or service does not answer' },
  timeout: { status: 504, retry: true, meaning: 'the time limit passed' },
  exhausted: {
    status: 507,
    retry: true,
    meaning: 'memory, disk space, processor or a limit is used up',
  },
} as const satisfies Record<string, CodeFacts>;

export type FaultCode = keyof typeof faultCodes;

/** One of several reasons against an action (VM-64). */
export interface Reason {
  /** Stable, for programs: `memory-free`, `disk-parent-missing`. */
  readonly code: string;
  /** One sentence for people. */
  readonly text: string;
  /** What would make it go away. */
  readonly remedy?: string | undefined;
}

export interface FaultOptions {
  /** What went wrong below. */
  readonly cause?: unknown;
  /** Values for programs; never a secret. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  /** The next step, as an imperative sentence without a full stop. */
  readonly hint?: string | undefined;
  /** All reasons, where there are several. */
  readonly reasons?: readonly Reason[] | undefined;
  /** Of the work that failed: the events of that work carry it too. */
  readonly correlationId?: string | undefined;
}

/** An expected failure. `message` does not contain the cause; use `describeFault` to show both. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;
  readonly reasons: readonly Reason[];
  readonly correlationId: string | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
    this.hint = options.hint;
    this.reasons = options.reasons ?? [];
    this.correlationId = options.correlationId;
  }

  get retry(): boolean {
    return faultCodes[this.code].retry;
  }
}

/** A fault as it travels between programs (agent link, stored operations). */
export interface FaultData {
  readonly code: FaultCode;
  /** With the causes already appended. */
  readonly message: string;
  readonly hint?: string | undefined;
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  readonly reasons?: readonly Reason[] | undefined;
}

const maxCauses = 8;

/** The message with those of its causes, outermost first, each once. */
export function describeFault(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < maxCauses && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof Error ? current.message : JSON.stringify(current);
    if (text !== '' && !parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

/** Any thrown value as plain data. What is not a fault becomes `internal`. */
export function faultToData(error: unknown): FaultData {
  const fault = toFault(error);
  return {
    code: fault.code,
    message: describeFault(fault),
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    ...(Object.keys(fault.facts).length === 0 ? {} : { facts: fault.facts }),
    ...(fault.reasons.length === 0 ? {} : { reasons: fault.reasons }),
  };
}

export function faultFromData(data: FaultData): Fault {
  return new Fault(data.code, data.message, data);
}

/** Any thrown value as a fault: itself, or an `internal` one that has it as its cause. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('internal', 'unexpected failure', { cause: error });
}

export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}
