/**
 * Live changes are followed as long as somebody is signed in. It begins with the page, while the session is
 * asked for: what is read after the stream has begun need not be read again.
 */
import { isWorking, type SessionKeeper } from '../session/session.ts';
import type { Live } from './live.ts';

/** For as long as the page is open. */
export function followSession(live: Live, session: SessionKeeper): void {
  let following: AbortController | undefined;
  const look = (): void => {
    const { state } = session;
    const wanted = isWorking(state) || (state.kind === 'unknown' && state.by === 'cookie');
    if (wanted && following === undefined) {
      following = new AbortController();
      void live.run(() => session.lose(), following.signal);
    } else if (!wanted) {
      following?.abort();
      following = undefined;
    }
  };
  session.subscribe(look);
  look();
}
