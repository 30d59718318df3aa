/** What may be done with a host: something with all its vms (HOST-27), its service, looking for vms and probing. */
import { Divider, DropdownItem } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { Suspense, useState, type ReactNode } from 'react';
import type { Host } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { useConnectText } from './connect/connect-words.ts';
import {
  asksFirst,
  hostActions,
  routeOf,
  type AskedHostAction,
  type HostAction,
} from './host-actions.ts';
import { HostActionDialog } from './HostActionDialog.tsx';
import { useActOnHost } from './use-act-on-host.ts';

const ConnectHost = lazyPart(async () => (await import('./connect/ConnectHost.tsx')).ConnectHost);

export function HostMenu({
  host,
  look,
}: {
  readonly host: Host;
  readonly look: 'row' | 'page';
}): ReactNode {
  const words = useWords();
  const act = useActOnHost();
  const navigate = useNavigate();
  const text = useConnectText();
  const [open, setOpen] = useState(false);
  const { whyNot } = useRights({ host: host.id }, { enabled: open });
  const [asked, setAsked] = useState<AskedHostAction | 'connect' | undefined>(undefined);
  const item = (action: HostAction): ReactNode => (
    <JudgedItem
      key={action}
      whyNot={whyNot(routeOf(action))}
      onClick={() => {
        if (asksFirst(action)) setAsked(action);
        else void act(host, action);
      }}
    >
      {words.hostAction(action)}
    </JudgedItem>
  );
  return (
    <>
      <ThingMenu
        name={host.name}
        look={look}
        onOpen={setOpen}
        help={thingHelp.host}
        attributes={{ kind: 'host', id: host.id }}
      >
        {hostActions(host)
          .filter(asksFirst)
          .map((action) => item(action))}
        <Divider component="li" />
        {hostActions(host)
          .filter((action) => !asksFirst(action))
          .map((action) => item(action))}
        {host.connection !== null && (
          <JudgedItem whyNot={whyNot('host.connect')} onClick={() => setAsked('connect')}>
            {text('change')}
          </JudgedItem>
        )}
        {look === 'row' && (
          <DropdownItem
            onClick={() => void navigate({ to: '/hosts/$host', params: { host: host.id } })}
          >
            {words.text('properties')}
          </DropdownItem>
        )}
      </ThingMenu>
      {asked === 'connect' && (
        <Suspense fallback={null}>
          <ConnectHost host={host} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
      {asked !== undefined && asked !== 'connect' && (
        <HostActionDialog host={host} action={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
