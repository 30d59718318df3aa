/** What may be done with a host: something with all its vms (HOST-27), its service, looking for vms and probing. */
import { Divider, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState, type ReactNode } from 'react';
import type { Host } from '#api';
import { useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';
import { asksFirst, hostActions, type AskedHostAction, type HostAction } from './host-actions.ts';
import { HostActionDialog } from './HostActionDialog.tsx';
import { useActOnHost } from './use-act-on-host.ts';

export function HostMenu({
  host,
  look,
}: {
  readonly host: Host;
  readonly look: 'row' | 'page';
}): ReactNode {
  const words = useWords();
  const act = useActOnHost();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<AskedHostAction | undefined>(undefined);
  const item = (action: HostAction): ReactNode => (
    <DropdownItem
      key={action}
      onClick={() => {
        if (asksFirst(action)) setAsked(action);
        else void act(host, action);
      }}
    >
      {words.hostAction(action)}
    </DropdownItem>
  );
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        shouldFocusToggleOnSelect
        popperProps={{ position: 'right', appendTo: mainPart }}
        toggle={(ref) => (
          <MenuToggle
            ref={ref}
            variant={look === 'row' ? 'plain' : 'primary'}
            isExpanded={open}
            onClick={() => setOpen(!open)}
            aria-label={words.text('actionsOf', { name: host.name })}
            {...(look === 'row' ? { icon: <EllipsisVIcon /> } : {})}
          >
            {look === 'page' ? words.text('actions') : undefined}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {hostActions(host)
            .filter(asksFirst)
            .map((action) => item(action))}
          <Divider component="li" />
          {hostActions(host)
            .filter((action) => !asksFirst(action))
            .map((action) => item(action))}
        </DropdownList>
      </Dropdown>
      {asked !== undefined && (
        <HostActionDialog host={host} action={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
