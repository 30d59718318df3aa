/** What the server asks of access: who calls, whether they may, which agent it is, and that it is written down. */
import type { IncomingMessage } from 'node:http';
import type { Kind, Route, RouteName } from '#api';
import type { Caller } from '../context.ts';
import type { Namesake } from '../inventory/inventory.ts';

/** What the path of a request names. */
export interface Target {
  readonly kind: Kind;
  readonly reference: string;
  readonly id: string | undefined;
  /** What it may mean where it finds nothing for that. */
  readonly namesakes?: readonly Namesake[];
}

export interface AuditedRequest {
  readonly caller: Caller | undefined;
  readonly method: string;
  /** Empty where there is no such route. */
  readonly route: RouteName | '';
  readonly target: Target | undefined;
  readonly status: number;
  readonly error: unknown;
  readonly correlationId: string;
  readonly origin: string | null;
}

export interface Gate {
  /** Errors: `unauthenticated` for a proof that does not hold; `rate-limited`. Without any proof: somebody without rights. */
  authenticate(request: IncomingMessage, correlationId: string): Caller | Promise<Caller>;
  /** Errors: `unauthenticated`, `forbidden`, `not-found`. */
  authorize(caller: Caller, route: Route, target: Target | undefined): void;
  /** The host whose certificate the connection shows. Errors: `unauthenticated`. */
  identifyAgent(request: IncomingMessage): string;
  /**
   * For connections that stay open: a signal that aborts with the outer one, or when the caller's proof
   * ends or `isAllowed` says no.
   */
  watch(caller: Caller, outer: AbortSignal, isAllowed?: () => boolean): AbortSignal;
  /** Told of every request, allowed or denied. */
  audit(request: AuditedRequest): void;
}
