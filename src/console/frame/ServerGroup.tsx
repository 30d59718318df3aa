/** What belongs to one host, which is chosen here where there are several, and to the site that shows it. */
import { NavGroup, NavItem } from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { useList } from '../parts/ask.ts';
import { useRemembered } from '../parts/remembered.ts';

const parseHost = (stored: unknown): string => (typeof stored === 'string' ? stored : '');

export function ServerGroup(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  const [chosen, choose] = useRemembered('server', parseHost);
  const { data } = useList('host.list', { sort: 'name', limit: 1000, fields: 'id,name,status' });
  const hosts = data?.items ?? [];
  const host = hosts.find(({ id }) => id === chosen) ?? hosts[0];
  const isOpen = (to: string): boolean => pathname.startsWith(to);
  return (
    <NavGroup title={words.text('virtualServer')}>
      {hosts.length > 1 && (
        <li>
          <select
            className="server-choice"
            aria-label={words.text('host')}
            value={host?.id}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          >
            {hosts.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </li>
      )}
      {host !== undefined && (
        <NavItem>
          <Link to="/hosts/$host" params={{ host: host.id }} search={{}}>
            {words.text('serverProperties')}
          </Link>
        </NavItem>
      )}
      <NavItem isActive={isOpen('/site')}>
        <Link to="/site">{words.text('siteSettings')}</Link>
      </NavItem>
      {host !== undefined && (
        <>
          <NavItem>
            <Link
              to="/hosts/$host"
              params={{ host: host.id }}
              search={{ tab: 'resourceAllocation' }}
            >
              {words.text('resourceAllocation')}
            </Link>
          </NavItem>
          <NavItem>
            <Link
              to="/events"
              search={{ filter: `target.id = "${host.id}" OR ancestors.id = "${host.id}"` }}
            >
              {words.text('eventViewer')}
            </Link>
          </NavItem>
        </>
      )}
      <NavItem isActive={isOpen('/docs')}>
        <Link to="/docs/$" params={{ _splat: '' }}>
          {words.text('documentation')}
        </Link>
      </NavItem>
    </NavGroup>
  );
}
