/** The frame around every page, save those that have a tab of the browser to themselves. */
import { Outlet, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useLiveChanges } from '../live/use-live-changes.ts';
import { Frame } from './Frame.tsx';
import { NoticeList } from './NoticeList.tsx';

const alone = /^\/(?:screen|serial)\//;

export function Root(): ReactNode {
  return alone.test(useLocation().pathname) ? <Alone /> : <Frame />;
}

function Alone(): ReactNode {
  useLiveChanges();
  return (
    <>
      <Outlet />
      <NoticeList />
    </>
  );
}
