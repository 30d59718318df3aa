/**
 * Who a request is from (SEC-21): a bearer token, the local token, a session cookie, or an agent's
 * certificate; the first of these that is there counts, and a wrong one is not made good by another.
 * Nothing here waits.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { Fault, isFault, isoTime } from '#lib';
import { firstUserId } from '#api';
import type { Caller, Coordinator, Proof } from '../../context.ts';
import type {
  HostDocument,
  SessionDocument,
  TokenDocument,
  UserDocument,
} from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import type { AgentVerifier } from '../authority/agent-certificate.ts';
import { createCaller, createRightlessCaller, type Rights } from '../rights/rights.ts';
import { secondFactorState } from '../second-factor/second-factor.ts';
import { cookieName, readCookie } from '../sign-in/cookies.ts';
import { findSession, touchSession } from '../sign-in/sessions.ts';
import type { LocalToken } from '../tokens/local-token.ts';
import { hashSecret, isSecret } from '../tokens/secret.ts';
import type { TokenIndex } from '../tokens/token-index.ts';
import { needsOwnOrigin, refuseForeignOrigin, requireOwnOrigin } from './origin.ts';

const maxAuthorizationLength = 256;
/** Use of a token is written down at most so often. */
const tokenTouchMs = 60_000;

export interface AuthenticateParts {
  readonly coordinator: Coordinator;
  readonly rights: Rights;
  readonly tokens: TokenIndex;
  readonly localToken: LocalToken;
  readonly agents: AgentVerifier;
}

/** How somebody has come, whatever they speak. */
export interface Arrival {
  readonly encrypted: boolean;
  readonly origin: string | null;
  readonly correlationId: string;
}

interface Request extends Arrival {
  readonly raw: IncomingMessage;
}

export class Authenticator {
  readonly #parts: AuthenticateParts;
  readonly #noting = new Set<string>();
  readonly #problems = new WeakMap<Caller, Fault>();

  constructor(parts: AuthenticateParts) {
    this.#parts = parts;
  }

  /**
   * Without any proof: somebody without rights. A session that has ended and a certificate that was
   * revoked are no proof, and no obstacle to signing in or joining again; `problemOf` tells them. Errors:
   * `unauthenticated` for a wrong token; `forbidden` for a cookie that another site's page sends along.
   */
  authenticate(raw: IncomingMessage, correlationId: string): Caller {
    const request = readRequest(raw, correlationId);
    const { authorization } = raw.headers;
    if (authorization !== undefined) return this.#byHeader(request, authorization);
    const cookie = readCookie(raw.headers.cookie, cookieName(request.encrypted));
    if (cookie !== undefined && cookie !== '') return this.#bySession(request, cookie);
    try {
      return this.#byCertificate(request) ?? this.#anonymous(request);
    } catch (error) {
      if (!isFault(error, 'unauthenticated')) throw error;
      return this.#nobody(request, error);
    }
  }

  /** Why the caller of a request is nobody, where there is more to say than that there was no proof. */
  problemOf(caller: Caller): Fault | undefined {
    return this.#problems.get(caller);
  }

  #nobody(request: Request, problem: Fault): Caller {
    const caller = this.#anonymous(request);
    this.#problems.set(caller, problem);
    return caller;
  }

  #anonymous(request: Request): Caller {
    const { raw, encrypted, origin, correlationId } = request;
    if (needsOwnOrigin(raw.method, raw.headers)) refuseForeignOrigin(raw.headers, encrypted);
    const proof: Proof = { means: 'none', id: '', encrypted };
    return createRightlessCaller({ kind: 'user', name: 'anonymous' }, proof, origin, correlationId);
  }

  #byHeader(request: Request, header: string): Caller {
    const secret = /^Bearer ([\w-]{1,128})$/i.exec(header.slice(0, maxAuthorizationLength))?.[1];
    if (secret === undefined || !isSecret(secret))
      throw refused('the Authorization header does not hold a token of Gantry');
    return this.bySecret(request, secret);
  }

  /** Somebody with the secret of a token. Errors: `unauthenticated`. */
  bySecret(arrival: Arrival, secret: string): Caller {
    const hash = hashSecret(secret);
    if (this.#parts.localToken.holds(hash)) return this.byOwnSocket(arrival);
    return this.#byToken(arrival, this.#parts.tokens.find(hash));
  }

  /** Somebody with a certificate that the authority has issued for a token. Errors: `unauthenticated`. */
  byTokenId(arrival: Arrival, tokenId: string): Caller {
    const { inventory } = this.#parts.coordinator;
    return this.#byToken(arrival, inventory.document<TokenDocument>('token', tokenId));
  }

  #byToken(arrival: Arrival, token: Document<TokenDocument> | undefined): Caller {
    const { clock } = this.#parts.coordinator;
    if (
      !token ||
      (token.data.expiresAt !== null && clock.now() >= Date.parse(token.data.expiresAt))
    )
      throw refused('the token is unknown, revoked or expired');
    this.#touchToken(token);
    return this.#callerOf(arrival, token.data.userId, token.data.verbs, 'token', token.id);
  }

  /** Somebody at a socket that, as the local token, only the service's own account can open. */
  byOwnSocket(arrival: Arrival): Caller {
    return this.#callerOf(arrival, firstUserId, null, 'local', '');
  }

  #bySession(request: Request, secret: string): Caller {
    const { coordinator } = this.#parts;
    const session = findSession(coordinator.inventory, coordinator.clock, secret);
    const user =
      session && coordinator.inventory.document<UserDocument>('user', session.data.userId);
    if (!user || user.data.disabled) {
      return this.#nobody(request, refused('the session has ended', 'sign in again'));
    }
    const { headers, method } = request.raw;
    if (needsOwnOrigin(method, headers)) requireOwnOrigin(headers, request.encrypted);
    this.#note(session.id, () => touchSession(coordinator, session));
    return this.#bySessionOf(request, session, user.data);
  }

  /** By a session that was made for the connection itself. Errors: `unauthenticated`. */
  bySessionSecret(arrival: Arrival, secret: string): Caller {
    const { inventory, clock } = this.#parts.coordinator;
    const session = findSession(inventory, clock, secret);
    const user = session && inventory.document<UserDocument>('user', session.data.userId);
    if (!user) throw refused('the session has ended', 'sign in again');
    return this.#bySessionOf(arrival, session, user.data);
  }

  /** Until a second factor that is asked for is set up, the session is good for that alone. */
  #bySessionOf(arrival: Arrival, session: Document<SessionDocument>, user: UserDocument): Caller {
    const isHeld = secondFactorState(this.#parts.coordinator.inventory, user) === 'needed';
    const { userId } = session.data;
    return this.#callerOf(arrival, userId, isHeld ? [] : null, 'session', session.id);
  }

  #byCertificate(request: Request): Caller | undefined {
    const { socket } = request.raw;
    const identity = socket instanceof TLSSocket ? this.#parts.agents.verify(socket) : undefined;
    if (!identity) return undefined;
    const { inventory } = this.#parts.coordinator;
    const name = inventory.document<HostDocument>('host', identity.hostId)?.data.name;
    return createRightlessCaller(
      { kind: 'system', name: `host ${name ?? identity.hostId}`.slice(0, 100) },
      { means: 'agent', id: identity.hostId, encrypted: true },
      request.origin,
      request.correlationId,
    );
  }

  #callerOf(
    { encrypted, origin, correlationId }: Arrival,
    userId: string,
    verbs: TokenDocument['verbs'],
    means: Proof['means'],
    id: string,
  ): Caller {
    const { inventory } = this.#parts.coordinator;
    const user = inventory.document<UserDocument>('user', userId)?.data;
    if (!user || user.disabled) throw refused('the user is disabled or gone');
    return createCaller(this.#parts.rights, {
      userId,
      userName: user.name,
      scope: verbs === null ? null : new Set(verbs),
      proof: { means, id, encrypted },
      origin,
      correlationId,
    });
  }

  #touchToken(token: Document<TokenDocument>): void {
    const { coordinator } = this.#parts;
    const now = coordinator.clock.now();
    const { lastUsedAt } = token.data;
    if (lastUsedAt !== null && now - Date.parse(lastUsedAt) < tokenTouchMs) return;
    this.#note(token.id, () =>
      coordinator.commit({
        conditions: [{ kind: 'token', id: token.id, version: token.version }],
        writes: [
          { kind: 'token', id: token.id, data: { ...token.data, lastUsedAt: isoTime(now) } },
        ],
      }),
    );
  }

  /** Writes down the use of a proof, which nobody waits for; one note at a time for each. */
  #note(id: string, write: () => Promise<unknown>): void {
    if (this.#noting.has(id)) return;
    this.#noting.add(id);
    write()
      .catch((error: unknown) => {
        // Somebody was faster: a note of use, or the end of the proof.
        if (!isFault(error, 'stale'))
          this.#parts.coordinator.log.warn({ err: error }, 'cannot note the use of a proof');
      })
      .finally(() => this.#noting.delete(id));
  }
}

function refused(what: string, hint = 'make another one, or sign in'): Fault {
  return new Fault('unauthenticated', what, { hint });
}

function readRequest(raw: IncomingMessage, correlationId: string): Request {
  const { socket } = raw;
  return {
    raw,
    encrypted: socket instanceof TLSSocket,
    origin: readAddress(socket.remoteAddress),
    correlationId,
  };
}

/** IPv4 in IPv6 clothes (::ffff:192.0.2.1) is IPv4. Headers of proxies are not believed. */
export function readAddress(address: string | undefined): string | null {
  return address === undefined ? null : address.replace(/^::ffff:(?=\d+\.)/, '').slice(0, 64);
}
