/**
 * Who is signed in. The proof is the session cookie, which scripts never see; nothing is stored here.
 * A session that ends while somebody works is marked `ended` and the page stays: they sign in again on it.
 *
 *   unknown --show--> out --sign in--> in --401--> in, ended --sign in--> in
 *                      ^---------------sign out----+
 */
import { isFault } from '#lib';
import type { CallInput, Client, CallOutput } from '#api';

export type Session = CallOutput<'session.show'>;
export type SignIn = CallInput<'session.create'>['body'];

export type SessionState =
  | {
      readonly kind: 'unknown';
      /** What is being found out: whether the cookie still holds, or the code of a link. */
      readonly by: 'cookie' | 'link';
    }
  | {
      readonly kind: 'out';
      readonly fault: unknown;
      /** Code of a link that wants a second factor beside it. */
      readonly linkCode?: string | undefined;
    }
  | { readonly kind: 'in'; readonly session: Session; readonly ended: boolean };

export class SessionKeeper {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = { kind: 'unknown', by: 'link' };

  constructor(client: Client) {
    this.#client = client;
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Signs in by the code of a link, or finds out whether the cookie still holds. */
  async begin(linkCode: string | undefined): Promise<void> {
    this.#set({ kind: 'unknown', by: linkCode === undefined ? 'cookie' : 'link' });
    try {
      if (linkCode !== undefined) await this.signIn({ means: 'link', code: linkCode });
      else await this.#show();
    } catch (error) {
      if (linkCode !== undefined) await this.#show().catch(() => undefined);
      if (this.#state.kind === 'unknown')
        this.#set({
          kind: 'out',
          fault: isFault(error, 'unauthenticated') && linkCode === undefined ? undefined : error,
          linkCode: wantsOneTimeCode(error) ? linkCode : undefined,
        });
    }
  }

  /** Errors: as the call. */
  async signIn(body: SignIn): Promise<void> {
    const session = await this.#client.call('session.create', { body });
    this.#set({ kind: 'in', session, ended: false });
  }

  /** Errors: as the call. */
  async choosePassword(password: string): Promise<void> {
    const session = await this.#client.call('session.password', { body: { password } });
    this.#set({ kind: 'in', session, ended: false });
  }

  /** Confirms the second factor that was begun. Errors: as the call. */
  async confirmSecondFactor(oneTimeCode: string): Promise<void> {
    const session = await this.#client.call('session.second-factor.confirm', {
      body: { oneTimeCode },
    });
    this.#set({ kind: 'in', session, ended: false });
  }

  /** Errors: as the call; a session that is over already is no error. */
  async signOut(): Promise<void> {
    try {
      await this.#client.call('session.delete', {});
    } catch (error) {
      if (!isFault(error, 'unauthenticated')) throw error;
    }
    this.#set({ kind: 'out', fault: undefined });
  }

  /** Told by whoever got the answer 401. */
  lose(): void {
    if (this.#state.kind === 'in' && !this.#state.ended) this.#set({ ...this.#state, ended: true });
  }

  async #show(): Promise<void> {
    const session = await this.#client.call('session.show', {});
    this.#set({ kind: 'in', session, ended: false });
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether a person is signed in who may do more than finish signing in. */
export function isWorking(state: SessionState): boolean {
  return (
    state.kind === 'in' &&
    !state.ended &&
    !state.session.passwordNeeded &&
    state.session.secondFactor !== 'needed'
  );
}

/** Whether a sign-in failed only for want of the right code of the second factor. */
export function wantsOneTimeCode(error: unknown): boolean {
  return isFault(error, 'unauthenticated') && error.facts['oneTimeCode'] !== undefined;
}

/** Takes the code of `#link=CODE` out of the address, so that it stays neither there nor in the history. */
export function takeLinkCode(location: Location, history: History): string | undefined {
  const code = /^#link=([\w-]{16,128})$/.exec(location.hash)?.[1];
  if (location.hash.startsWith('#link='))
    history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}
