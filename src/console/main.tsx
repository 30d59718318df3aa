/** The console begins here: client, session, live changes, then the page. */
import '@patternfly/react-core/dist/styles/base.css';
import './console.css';
import './frame/frame.css';
import './list/list.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { assert } from '#lib';
import { Client } from '#api';
import { ConsoleContext } from './console.ts';
import { Preferences } from './frame/preferences.ts';
import { WithWords } from './frame/WithWords.tsx';
import { followSession } from './live/follow-session.ts';
import { Live } from './live/live.ts';
import { Notices } from './parts/notices.ts';
import { askBeforeParts, lazyPart } from './parts/lazy-part.ts';
import { createConsoleRouter } from './router.tsx';
import { SessionGate } from './session/SessionGate.tsx';
import { SessionKeeper, takeLinkCode } from './session/session.ts';

// The policy of the page forbids making functions of text, which zod would try. It comes later, and looks here.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

const GuestScreen = lazyPart(async () => (await import('./guest/GuestScreen.tsx')).GuestScreen);

const root = document.getElementById('root');
assert(root !== null, 'the page has a root');

const noteLoss: { lose: () => void } = { lose: () => undefined };
const client = new Client({
  server: location.origin,
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (response.status === 401) noteLoss.lose();
    return response;
  },
});
askBeforeParts(() =>
  client.call('installation.healthy', {}).then(
    ({ ok }) => ok,
    () => false,
  ),
);
const session = new SessionKeeper(client);
noteLoss.lose = () => session.lose();
const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, gcTime: 60_000 },
  },
});
const live = new Live(client, queries);
const parts = {
  client,
  queries,
  session,
  live,
  preferences: new Preferences(),
  notices: new Notices(),
};
const router = createConsoleRouter();
// Somebody who has a link to a screen has no session.
const isGuest = location.pathname === '/watch';
if (!isGuest) {
  void session.begin(takeLinkCode(location, history));
  followSession(live, session);
}

createRoot(root).render(
  <ConsoleContext value={parts}>
    <QueryClientProvider client={queries}>
      <WithWords>
        {isGuest ? (
          <Suspense>
            <GuestScreen />
          </Suspense>
        ) : (
          <SessionGate>
            <RouterProvider router={router} />
          </SessionGate>
        )}
      </WithWords>
    </QueryClientProvider>
  </ConsoleContext>,
);
