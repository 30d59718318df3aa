/** Above a list of vms: the hosts that nothing is heard of, with the time of what is shown of theirs. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useWords } from '../console.ts';
import { useStaleText } from './stale-words.ts';
import { Alert } from '../parts/Alert.tsx';

const most = 10;

export function StaleHosts({ hosts }: { readonly hosts: readonly Host[] }): ReactNode {
  const words = useWords();
  const text = useStaleText();
  return (
    <Alert variant="warning" isInline component="p" title={text('title')} className="above-list">
      <ul>
        {hosts.slice(0, most).map(({ id, name, status, lastSeenAt, vms }) => (
          <li key={id}>
            <Link to="/hosts/$host" params={{ host: id }}>
              {name}
            </Link>
            {': '}
            {text(lastSeenAt === null ? 'never' : 'since', {
              status: words.hostStatus(status),
              vms: words.count(vms),
              time: lastSeenAt === null ? '' : words.time(lastSeenAt),
            })}
          </li>
        ))}
      </ul>
      {hosts.length > most && <p>{text('more', { count: words.count(hosts.length - most) })}</p>}
    </Alert>
  );
}
