/** What may be done with a network. */
import { Suspense, useState, type ReactNode } from 'react';
import type { Network } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { networkRoutes, networkVerbs, type NetworkVerb } from './verbs.ts';

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
  const [open, setOpen] = useState(false);
  const { whyNot } = useRights({}, { enabled: open });
  const [asked, setAsked] = useState<NetworkVerb | undefined>(undefined);
  return (
    <>
      <ThingMenu
        name={network.name}
        look={look}
        onOpen={setOpen}
        help={thingHelp.network}
        attributes={{ kind: 'network', id: network.id }}
      >
        {networkVerbs.map((verb) => (
          <JudgedItem
            key={verb}
            isDanger={verb === 'delete'}
            whyNot={whyNot(networkRoutes[verb])}
            onClick={() => setAsked(verb)}
          >
            {words.text(verb)}
          </JudgedItem>
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
