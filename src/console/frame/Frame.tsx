/** The frame around every page: navigation, who is signed in, appearance, language, notices. */
import { Alert, Page, SkipToContent } from '@patternfly/react-core';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useSyncExternalStore, type ReactNode } from 'react';
import { useConsole, useSession, useWords } from '../console.ts';
import { Header } from './Header.tsx';
import { NoticeList } from './NoticeList.tsx';
import { Navigation } from './Navigation.tsx';

const mainId = 'main';

export function Frame(): ReactNode {
  const { live, session } = useConsole();
  const words = useWords();
  const state = useSession();
  const working = state.kind === 'in' && !state.ended;
  const connected = useSyncExternalStore(live.subscribe, () => live.connected);
  useEffect(() => {
    if (!working) return undefined;
    const ends = new AbortController();
    void live.run(() => session.lose(), ends.signal);
    return () => ends.abort();
  }, [live, session, working]);
  return (
    <Page
      masthead={<Header />}
      sidebar={<Navigation />}
      isManagedSidebar
      skipToContent={
        <SkipToContent href={`#${mainId}`}>{words.text('skipToContent')}</SkipToContent>
      }
      mainContainerId={mainId}
      mainAriaLabel="Gantry"
    >
      {!connected && working && (
        <Alert variant="warning" isInline title={words.text('connectionLost')} component="p" />
      )}
      <Outlet key={useLocation().pathname} />
      <NoticeList />
    </Page>
  );
}
