/** What every part of the page is given: the client, the session, the live changes, the words. */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { QueryClient } from '@tanstack/react-query';
import { assert } from '#lib';
import type { Client } from '#api';
import type { Words } from './i18n/words.ts';
import type { Live } from './live/live.ts';
import type { SessionKeeper, SessionState } from './session/session.ts';
import type { Preferences, Preference } from './frame/preferences.ts';
import type { Notices } from './parts/notices.ts';

export interface Console {
  readonly client: Client;
  readonly queries: QueryClient;
  readonly session: SessionKeeper;
  readonly live: Live;
  readonly preferences: Preferences;
  readonly notices: Notices;
}

export const ConsoleContext = createContext<Console | undefined>(undefined);
export const WordsContext = createContext<Words | undefined>(undefined);

export function useConsole(): Console {
  const found = useContext(ConsoleContext);
  assert(found !== undefined, 'the page is inside the console');
  return found;
}

export function useWords(): Words {
  const words = useContext(WordsContext);
  assert(words !== undefined, 'the page has words');
  return words;
}

export function useSession(): SessionState {
  const { session } = useConsole();
  return useSyncExternalStore(session.subscribe, () => session.state);
}

export function usePreference(): Preference {
  const { preferences } = useConsole();
  return useSyncExternalStore(preferences.subscribe, () => preferences.state);
}
