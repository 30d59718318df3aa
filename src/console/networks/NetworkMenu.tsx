/** What may be done with a network. */
import { DropdownItem } from '@patternfly/react-core';
import { Suspense, useState, type ReactNode } from 'react';
import type { Network } from '#api';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { networkVerbs, type NetworkVerb } from './verbs.ts';

// The form is as wide as the contract makes it, and asked for by those who open it.
const NetworkDialog = lazyPart(async () => (await import('./NetworkDialog.tsx')).NetworkDialog);

export function NetworkMenu({
  network,
  look,
}: {
  readonly network: Network;
  readonly look: 'row' | 'page';
}): ReactNode {
  const words = useWords();
  const [asked, setAsked] = useState<NetworkVerb | undefined>(undefined);
  return (
    <>
      <ThingMenu
        name={network.name}
        look={look}
        help={thingHelp.network}
        attributes={{ kind: 'network', id: network.id }}
      >
        {networkVerbs.map((verb) => (
          <DropdownItem key={verb} isDanger={verb === 'delete'} onClick={() => setAsked(verb)}>
            {words.text(verb)}
          </DropdownItem>
        ))}
      </ThingMenu>
      {asked !== undefined && (
        <Suspense fallback={null}>
          <NetworkDialog network={network} verb={asked} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
    </>
  );
}
