/** The frame around every page: the side with the tree, the bar, the drawer of work, the palette, notices. */
import { Page, SkipToContent } from '@patternfly/react-core';
import { Outlet, useLocation } from '@tanstack/react-router';
import { Suspense, useCallback, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useConsole, useSession, useWords } from '../console.ts';
import { isWorking } from '../session/session.ts';
import { TlsNotice } from '../parts/TlsNotice.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { Header } from './Header.tsx';
import { NoticeList } from './NoticeList.tsx';
import { Navigation } from './Navigation.tsx';
import { usePaletteKey } from './palette/use-palette-key.ts';
import { useOpenWishes } from './use-open-wishes.ts';
import { WorkDrawer } from './WorkDrawer.tsx';
import { Alert } from '../parts/Alert.tsx';

const mainId = 'main';
// Comes after the page, which does not wait for it.
const Palette = lazyPart(async () => (await import('./palette/Palette.tsx')).Palette);

export function Frame(): ReactNode {
  const { live } = useConsole();
  const words = useWords();
  const working = isWorking(useSession());
  const [palette, setPalette] = useState(false);
  usePaletteKey(useCallback(() => setPalette((open) => !open), []));
  useOpenWishes();
  const connected = useSyncExternalStore(live.subscribe, () => live.connected);
  return (
    <Page
      masthead={<Header onPalette={() => setPalette(true)} />}
      sidebar={<Navigation />}
      isManagedSidebar
      isContentFilled
      skipToContent={
        <SkipToContent href={`#${mainId}`}>{words.text('skipToContent')}</SkipToContent>
      }
      mainContainerId={mainId}
      mainAriaLabel="Gantry"
    >
      {!connected && working && (
        <Alert variant="warning" isInline title={words.text('connectionLost')} component="p" />
      )}
      <div className="page">
        <Outlet key={useLocation().pathname} />
      </div>
      <TlsNotice />
      <WorkDrawer />
      <Suspense fallback={null}>
        <Palette open={palette} onOpen={setPalette} />
      </Suspense>
      <NoticeList />
    </Page>
  );
}
