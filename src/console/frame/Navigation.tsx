/** The side: the pages, and below them the tree of all things; narrow windows fold it away. */
import { Nav, NavItem, NavList, PageSidebar, PageSidebarBody } from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { places } from './places.ts';
import { Tree } from './tree/Tree.tsx';

export function Navigation(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label={words.text('navigation')}>
          <NavList>
            {places.map(([to, key]) => (
              <NavItem key={to} isActive={pathname.startsWith(to)}>
                <Link to={to}>{words.text(key)}</Link>
              </NavItem>
            ))}
          </NavList>
        </Nav>
      </PageSidebarBody>
      <PageSidebarBody isFilled>
        <Tree />
      </PageSidebarBody>
    </PageSidebar>
  );
}
