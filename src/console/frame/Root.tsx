/** The frame around every page, save those that have a tab of the browser to themselves. */
import { Outlet, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { TlsNotice } from '../parts/TlsNotice.tsx';
import { Frame } from './Frame.tsx';
import { NoticeList } from './NoticeList.tsx';

const alone = /^\/(?:screen|serial|recording)\//;

export function Root(): ReactNode {
  if (!alone.test(useLocation().pathname)) return <Frame />;
  return (
    <>
      <Outlet />
      <TlsNotice />
      <NoticeList />
    </>
  );
}
