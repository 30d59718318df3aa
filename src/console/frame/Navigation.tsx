/** The side: the pages, and below them the tree of all things; narrow windows fold it away. */
import {
  Nav,
  NavItem,
  NavList,
  PageSidebar,
  PageSidebarBody,
  Tooltip,
} from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { beginnings, places, serverPlaces, type Beginning } from './places.ts';
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
                    beginnings[to]?.map((begun) => <Begin key={begun.key} to={to} begun={begun} />)}
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

/** Greyed where the person may begin it nowhere. */
function Begin({ to, begun }: { readonly to: string; readonly begun: Beginning }): ReactNode {
  const words = useWords();
  const { key, search, right } = begun;
  const { whyNowhere } = useRights({}, { enabled: right !== undefined });
  const whyNot = right && whyNowhere(right);
  if (whyNot === undefined)
    return (
      <NavItem className="nav-beginning">
        <Link to={to} search={search}>
          {words.text(key)}
        </Link>
      </NavItem>
    );
  return (
    <li className="pf-v6-c-nav__item nav-beginning">
      <Tooltip content={whyNot} position="right">
        <a className="pf-v6-c-nav__link" role="link" aria-disabled tabIndex={0}>
          {words.text(key)}
        </a>
      </Tooltip>
    </li>
  );
}
