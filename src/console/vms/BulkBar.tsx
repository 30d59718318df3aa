/** How many vms are selected, and the actions for all of them, each with how many it fits as they are now. */
import {
  Button,
  Dropdown,
  DropdownItem,
  DropdownList,
  Flex,
  MenuToggle,
} from '@patternfly/react-core';
import { Suspense, useState, type ReactNode } from 'react';
import { powerActions, vmActionFacts, type PowerAction } from '#api';
import { useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';
import { lazyPart } from '../parts/lazy-part.ts';
import type { VmSelection } from './use-selection.ts';

// Comes when something is asked of many.
const BulkDialog = lazyPart(async () => (await import('./BulkDialog.tsx')).BulkDialog);

export function BulkBar({ selection }: { readonly selection: VmSelection }): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [action, setAction] = useState<PowerAction | undefined>(undefined);
  const vms = [...selection.chosen.values()];
  if (vms.length === 0) return null;
  const fits = (one: PowerAction): number =>
    vms.filter(({ state }) => vmActionFacts(one).from.includes(state)).length;
  return (
    <Flex className="bulk-bar" alignItems={{ default: 'alignItemsCenter' }}>
      <span role="status">{words.text('selected', { count: words.count(vms.length) })}</span>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        isScrollable
        maxMenuHeight="min(70vh, 22rem)"
        onSelect={() => setOpen(false)}
        popperProps={{ appendTo: mainPart }}
        toggle={(ref) => (
          <MenuToggle ref={ref} variant="primary" isExpanded={open} onClick={() => setOpen(!open)}>
            {words.text('actionsOfSelected')}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {powerActions.map((one) => (
            <DropdownItem key={one} isDisabled={fits(one) === 0} onClick={() => setAction(one)}>
              {words.text('fits', {
                action: words.action(one),
                fitting: words.count(fits(one)),
                all: words.count(vms.length),
              })}
            </DropdownItem>
          ))}
        </DropdownList>
      </Dropdown>
      <Button variant="link" isInline onClick={selection.clear}>
        {words.text('selectNone')}
      </Button>
      {action !== undefined && (
        <Suspense fallback={null}>
          <BulkDialog
            action={action}
            vms={vms}
            onClose={() => setAction(undefined)}
            onBegun={selection.clear}
          />
        </Suspense>
      )}
    </Flex>
  );
}
