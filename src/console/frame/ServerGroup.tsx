/**
 * What belongs to one host, and to the site that shows it. Where there are several hosts one is chosen here, which then all
 * pages are narrowed to; while none is, this is about the first.
 */
import { NavGroup, NavItem } from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { eventsOn, useHostChoice } from './narrowed.ts';

export function ServerGroup(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  const { hosts, chosen, choose } = useHostChoice();
  const host = chosen ?? hosts[0];
  const isOpen = (to: string): boolean => pathname.startsWith(to);
  return (
    <NavGroup title={words.text('virtualServer')}>
      {hosts.length > 1 && (
        <li>
          <select
            className="server-choice"
            aria-label={words.text('host')}
            value={chosen?.id ?? ''}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          >
            <option value="">{words.text('everyHost')}</option>
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
      <NavItem isActive={isOpen('/people')}>
        <Link to="/people">{words.text('people')}</Link>
      </NavItem>
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
            <Link to="/events" search={{ filter: eventsOn(host) }}>
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
