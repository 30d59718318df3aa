/**
 * Long-lived connections (event streams, consoles, agents' links) end with the proof they were opened
 * with: a revoked token, a session that was signed out or ran out, a disabled user, a removed host, or
 * a right that was withdrawn. Each is looked at again when users, tokens, grants, roles or hosts change,
 * and every few seconds for what ends by itself.
 */
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { TokenDocument, UserDocument } from '../../documents.ts';
import type { InventoryChange } from '../../inventory/inventory.ts';
import { liveSession, touchSession } from '../sign-in/sessions.ts';

const lookMs = 5000;

interface Watched {
  readonly caller: Caller;
  /** Whether what the connection shows may still be seen. */
  readonly isAllowed: () => boolean;
  readonly end: (reason: Fault) => void;
}

const dependsOn: ReadonlySet<InventoryChange['things'][number]['kind']> = new Set([
  'user',
  'token',
  'grant',
  'role',
  'host',
]);

export class ProofWatch implements Disposable {
  readonly #coordinator: Coordinator;
  readonly #watched = new Set<Watched>();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(coordinator: Coordinator) {
    this.#coordinator = coordinator;
    this.#stop = coordinator.inventory.onChange(({ things }) => {
      if (things.some(({ kind, how }) => how !== 'sampled' && dependsOn.has(kind))) this.look();
    });
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    this.#stop();
    clearInterval(this.#timer);
  }

  /** A signal that aborts with the outer one, or with the reason when the proof or the right has ended. */
  watch(caller: Caller, outer: AbortSignal, isAllowed: () => boolean = () => true): AbortSignal {
    if (caller.proof === undefined) return outer;
    const controller = new AbortController();
    const watched: Watched = {
      caller,
      isAllowed,
      end: (reason) => {
        this.#watched.delete(watched);
        controller.abort(reason);
      },
    };
    this.#watched.add(watched);
    outer.addEventListener('abort', () => this.#watched.delete(watched), { once: true });
    return AbortSignal.any([outer, controller.signal]);
  }

  look(): void {
    for (const watched of this.#watched) {
      const reason = this.#reasonToEnd(watched);
      if (reason) watched.end(reason);
    }
  }

  #reasonToEnd({ caller, isAllowed }: Watched): Fault | undefined {
    if (!this.#isStillProved(caller))
      return new Fault('unauthenticated', 'the session, token or certificate has ended');
    return isAllowed() ? undefined : new Fault('forbidden', 'the right to this was withdrawn');
  }

  #isStillProved(caller: Caller): boolean {
    const { inventory, clock } = this.#coordinator;
    const { means, id } = caller.proof ?? { means: 'none', id: '' };
    if (means === 'agent') return inventory.document('host', id) !== undefined;
    // What it may ends with the link itself.
    if (means === 'link') return true;
    const user = inventory.document<UserDocument>('user', caller.userId ?? '')?.data;
    if (!user || user.disabled) return false;
    if (means === 'token') {
      const token = inventory.document<TokenDocument>('token', id)?.data;
      return token !== undefined && !isPast(token.expiresAt, clock.now());
    }
    if (means !== 'session') return true;
    const session = liveSession(inventory, clock, id);
    if (!session) return false;
    // An open connection is use.
    touchSession(this.#coordinator, session).catch(() => undefined);
    return true;
  }
}

function isPast(time: string | null, now: number): boolean {
  return time !== null && now >= Date.parse(time);
}
