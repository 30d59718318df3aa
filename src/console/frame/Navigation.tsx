/** The side: the pages, and below them the tree of all things; narrow windows fold it away. */
import { Nav, NavItem, NavList, PageSidebar, PageSidebarBody } from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { beginnings, places, serverPlaces } from './places.ts';
import { ServerGroup } from './ServerGroup.tsx';
import { Tree } from './tree/Tree.tsx';

export function Navigation(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  return (
    <PageSidebar className="side">
      <PageSidebarBody className="side-pages">
        <Nav aria-label={words.text('navigation')}>
          <NavList>
            {places
              .filter(([to]) => !serverPlaces.has(to))
              .map(([to, key]) => (
                <Fragment key={to}>
                  <NavItem isActive={pathname.startsWith(to)}>
                    <Link to={to}>{words.text(key)}</Link>
                  </NavItem>
                  {pathname.startsWith(to) &&
                    beginnings[to]?.map((begun) => (
                      <NavItem key={begun.key} className="nav-beginning">
                        <Link to={to} search={begun.search}>
                          {words.text(begun.key)}
                        </Link>
                      </NavItem>
                    ))}
                </Fragment>
              ))}
          </NavList>
          <ServerGroup />
        </Nav>
      </PageSidebarBody>
      <PageSidebarBody isFilled className="side-tree">
        <Tree />
      </PageSidebarBody>
    </PageSidebar>
  );
}
