/** Follows what changes as long as somebody is signed in and the page is open. */
import { useEffect } from 'react';
import { useConsole, useSession } from '../console.ts';

export function useLiveChanges(): void {
  const { live, session } = useConsole();
  const state = useSession();
  const working = state.kind === 'in' && !state.ended;
  useEffect(() => {
    if (!working) return undefined;
    const ends = new AbortController();
    void live.run(() => session.lose(), ends.signal);
    return () => ends.abort();
  }, [live, session, working]);
}
