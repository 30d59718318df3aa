/**
 * Access: who may do what. Everything of this folder put together, and the gate through which every
 * request passes.
 *
 *   request -> authenticate (who) -> authorize (may they) -> the verb -> audit (what came of it)
 *
 *   <data>/authority/           the installation's own certificate authority
 *   <data>/access/local-token   proof for programs of the service's own account
 *   <data>/access/seal-key      key of secrets that are kept encrypted
 *   <data>/audit/               the audit trail
 *   <config>/tls/               the user's own certificate, if there is one
 */
import { Secrets } from '../foreign/secrets.ts';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { TLSSocket, type Server as TlsServer, type TlsOptions } from 'node:tls';
import { describeFault, Fault } from '#lib';
import { tellFinding, type Actor, type AuditVerification, type Finding, type Route } from '#api';
import { installationThing } from '../app/things.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { UserDocument } from '../documents.ts';
import type { AuditedRequest, Gate, Target } from '../http/gate.ts';
import { verifyFiles } from './audit/files.ts';
import { AuditTrail } from './audit/trail.ts';
import { AgentVerifier, isOnRecord } from './authority/agent-certificate.ts';
import { Authority } from './authority/authority.ts';
import { ServerTls, type ShownTexts } from './authority/server-tls.ts';
import { findWarnings } from './certificates.ts';
import type { AccessContext } from './context.ts';
import { prepareFirstStart } from './first-start.ts';
import { createAccessHandlers, type AccessHandlers } from './handlers.ts';
import { settleCertificate } from './join/join.ts';
import { Authenticator, type Arrival } from './request/authenticate.ts';
import { ProofWatch } from './request/proof-watch.ts';
import { Recorder } from './request/recorder.ts';
import { authorize } from './rights/authorize.ts';
import {
  createCaller,
  createRightlessCaller,
  createSystemCaller,
  Rights,
} from './rights/rights.ts';
import { Sealer } from './second-factor/sealer.ts';
import { securityEvent } from './security-event.ts';
import { SignInLimiter } from './sign-in/limiter.ts';
import { signIn, signOut } from './sign-in/sign-in.ts';
import { Passwords } from './sign-in/passwords.ts';
import { installationSettings } from './sign-in/sessions.ts';
import { tidyAccess } from './tidy.ts';
import { LocalToken } from './tokens/local-token.ts';
import { tokenOfCertificate } from './tokens/token-certificate.ts';
import { TokenIndex } from './tokens/token-index.ts';

const localTokenLookMs = 1000;
const certificateLookMs = 60_000;
const tidyMs = 3_600_000;

export interface AccessOptions {
  readonly coordinator: Coordinator;
  /** Address or host name that the server listens on. */
  readonly listenAddress: string;
  readonly passwords?: Passwords | undefined;
}

interface Parts {
  readonly context: AccessContext;
  readonly options: AccessOptions;
  readonly tls: ServerTls;
  readonly localToken: LocalToken;
  readonly tokens: TokenIndex;
  readonly agents: AgentVerifier;
  readonly trail: AuditTrail;
  readonly auditFolder: string;
}

export class Access implements Gate, AsyncDisposable {
  readonly handlers: AccessHandlers;
  readonly #parts: Parts;
  readonly #authenticator: Authenticator;
  readonly #recorder: Recorder;
  readonly #watch: ProofWatch;
  readonly #timers: readonly NodeJS.Timeout[];

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { context, tls, trail, auditFolder } = parts;
    const { coordinator, rights } = context;
    this.#authenticator = new Authenticator({ coordinator, rights, ...parts });
    this.#recorder = new Recorder(coordinator, trail);
    this.#watch = new ProofWatch(coordinator);
    this.handlers = createAccessHandlers({
      context,
      tls,
      recorder: this.#recorder,
      auditFolder,
      verifyAudit: (signal) => this.verifyAudit(signal),
    });
    this.#timers = [
      this.#every(localTokenLookMs, 'look after the local token', () => parts.localToken.refresh()),
      this.#every(certificateLookMs, 'look after the certificates', () => tls.refresh()),
      this.#every(tidyMs, 'tidy up', () => this.#tidy()),
    ];
  }

  /** After the store and the inventory are there. Errors: `corrupt` authority; `invalid` certificate of the user. */
  static async open(options: AccessOptions): Promise<Access> {
    const { coordinator, listenAddress } = options;
    const { paths, clock, log, inventory } = coordinator;
    const folder = join(paths.data, 'authority');
    const authority = await Authority.open(folder, clock);
    const onChange = (what: string, how: string, by?: Caller): void =>
      noteCertificate(coordinator, what, how, by);
    const tls = await ServerTls.open({
      authority,
      folder,
      userFolder: join(paths.config, 'tls'),
      listenAddress,
      clock,
      log,
      onChange,
    });
    await prepareFirstStart(coordinator);
    const auditFolder = join(paths.data, 'audit');
    const context: AccessContext = {
      coordinator,
      authority,
      rights: new Rights(inventory),
      passwords: options.passwords ?? new Passwords(),
      limiter: new SignInLimiter(clock),
      codeLimiter: new SignInLimiter(clock),
      sealer: await Sealer.open(join(paths.data, 'access', 'seal-key')),
    };
    return new Access({
      context,
      options,
      tls,
      localToken: await LocalToken.open(join(paths.data, 'access', 'local-token')),
      tokens: new TokenIndex(inventory),
      agents: new AgentVerifier(authority, inventory, clock),
      trail: await AuditTrail.open(auditFolder, clock, log),
      auditFolder,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#watch[Symbol.dispose]();
    this.#parts.tokens[Symbol.dispose]();
    this.#parts.context.rights[Symbol.dispose]();
    await this.#parts.trail[Symbol.asyncDispose]();
  }

  /** For the server. */
  tlsOptions(): TlsOptions {
    return this.#parts.tls.options();
  }

  /** With which certificates of listeners beside the server's are signed, and their keys kept. */
  signer(): Pick<AccessContext, 'authority' | 'sealer'> {
    return this.#parts.context;
  }

  /** Of hosts without an agent. */
  foreignSecrets(): Secrets {
    return new Secrets(this.#parts.context);
  }

  /** For a listener that sets up TLS itself. */
  followCertificate(renew: (shown: ShownTexts) => void): ShownTexts {
    return this.#parts.tls.follow(renew);
  }

  /** The server shows renewed certificates from now on. */
  attach(server: TlsServer): void {
    this.#parts.tls.attach(server);
  }

  authenticate(request: IncomingMessage, correlationId: string): Caller {
    return this.#authenticator.authenticate(request, correlationId);
  }

  /** Of who speaks something else than HTTP: by the secret of a token. Errors: `unauthenticated`. */
  authenticateSecret(arrival: Arrival, secret: string): Caller {
    return this.#authenticator.bySecret(arrival, secret);
  }

  /**
   * Of who speaks something else than HTTP and shows a certificate: the token that it was issued for; undefined for
   * certificates of others. The authority has signed it.
   */
  tokenOfCertificate(altNames: string | undefined): string | undefined {
    return tokenOfCertificate(altNames);
  }

  /** By such a token. Errors: `unauthenticated`. */
  authenticateCertificate(arrival: Arrival, tokenId: string): Caller {
    return this.#authenticator.byTokenId(arrival, tokenId);
  }

  /**
   * Of who speaks something else than HTTP and has a password: a session for as long as the connection. Errors: those of
   * `signIn`.
   */
  async signInWithoutPage(
    arrival: Arrival,
    user: string,
    password: string,
  ): Promise<{ readonly caller: Caller; readonly end: () => Promise<void> }> {
    const { context } = this.#parts;
    const stranger = strangerOf(arrival);
    const { secret } = await signIn(
      context,
      stranger,
      { means: 'password', user, password },
      (known, means) => this.#recorder.failed(stranger, known, means),
    );
    const caller = this.#authenticator.bySessionSecret(arrival, secret);
    return { caller, end: () => signOut(context, caller) };
  }

  /** Of somebody who is not known by name. */
  noteFailedSignIn(arrival: Arrival, means: string): void {
    this.#recorder.failed(strangerOf(arrival), undefined, means);
  }

  /** Of who has opened a socket that only the service's own account can open. */
  authenticateOwner(arrival: Arrival): Caller {
    return this.#authenticator.byOwnSocket(arrival);
  }

  authorize(caller: Caller, route: Route, target: Target | undefined): void {
    const problem = this.#authenticator.problemOf(caller);
    if (problem !== undefined && route.right !== 'public') throw problem;
    authorize(caller, route, target);
  }

  identifyAgent(request: IncomingMessage): string {
    const { agents, context } = this.#parts;
    const { socket } = request;
    const identity = socket instanceof TLSSocket ? agents.verify(socket) : undefined;
    if (!identity)
      throw new Fault('unauthenticated', "this takes a host's certificate", {
        hint: 'let the host join first: gantry host join-token',
      });
    if (isOnRecord(identity, context.coordinator.inventory) === 'next')
      settleCertificate(context.coordinator, identity).catch((error: unknown) =>
        context.coordinator.log.warn({ err: error }, "cannot settle a host's certificate"),
      );
    return identity.hostId;
  }

  audit(request: AuditedRequest): void {
    this.#recorder.record(request);
  }

  /**
   * For connections that stay open: a signal that aborts with the outer one, or when the caller's proof
   * ends or `isAllowed` says no, with a fault as its reason.
   */
  watch(caller: Caller, outer: AbortSignal, isAllowed?: () => boolean): AbortSignal {
    return this.#watch.watch(caller, outer, isAllowed);
  }

  /** A caller for work that outlives its request: with the rights the user has at the time it asks. */
  callerOf(who: {
    readonly actor: Actor;
    readonly userId: string | null;
    readonly origin: string | null;
    readonly correlationId: string;
  }): Caller {
    const { userId, actor, origin, correlationId } = who;
    if (userId === null) return createSystemCaller(correlationId, actor);
    const { context } = this.#parts;
    const user = context.coordinator.inventory.document<UserDocument>('user', userId)?.data;
    const proof = { means: 'none', id: '', encrypted: false } as const;
    if (!user || user.disabled) return createRightlessCaller(actor, proof, origin, correlationId);
    return createCaller(context.rights, {
      userId,
      userName: user.name,
      scope: null,
      proof,
      origin,
      correlationId,
    });
  }

  /** What people should know about encryption and certificates, with the remedy. */
  findings(): Finding[] {
    const { context, tls, options, trail } = this.#parts;
    const findings = findWarnings(context, tls, options.listenAddress);
    if (trail.isFailing)
      findings.push({
        check: 'audit',
        result: 'error',
        ...tellFinding('audit-failing', { folder: this.#parts.auditFolder }),
      });
    return findings;
  }

  /** Reads the whole audit trail and follows its chain. */
  async verifyAudit(signal?: AbortSignal): Promise<AuditVerification> {
    await this.#parts.trail.flush();
    return verifyFiles(this.#parts.auditFolder, signal);
  }

  async #tidy(): Promise<void> {
    const { coordinator } = this.#parts.context;
    await tidyAccess(coordinator);
    const { auditRetentionMonths } = installationSettings(coordinator.inventory);
    const oldest = new Date(coordinator.clock.now());
    oldest.setUTCMonth(oldest.getUTCMonth() - auditRetentionMonths, 1);
    await this.#parts.trail.forgetBefore(oldest.getTime());
  }

  #every(ms: number, what: string, work: () => Promise<unknown>): NodeJS.Timeout {
    const { log } = this.#parts.context.coordinator;
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      work()
        .catch((error: unknown) => log.error({ fault: describeFault(error) }, `cannot ${what}`))
        .finally(() => (isBusy = false));
    }, ms);
    return timer.unref();
  }
}

function strangerOf({ encrypted, origin, correlationId }: Arrival): Caller {
  const proof = { means: 'none', id: '', encrypted } as const;
  return createRightlessCaller({ kind: 'user', name: 'anonymous' }, proof, origin, correlationId);
}

function noteCertificate(
  coordinator: Coordinator,
  what: string,
  how: string,
  by: Caller = createSystemCaller(randomUUID()),
): void {
  coordinator
    .commit({
      events: [securityEvent(by, 'security.certificate.changed', installationThing, { what, how })],
    })
    .catch((error: unknown) => coordinator.log.warn({ err: error }, 'cannot write an event'));
}
