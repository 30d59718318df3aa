/** What may be done with a network. */
import { DropdownItem } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Network } from '#api';
import { useWords } from '../console.ts';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { ChangeNetwork } from './ChangeNetwork.tsx';
import { DeleteNetwork } from './DeleteNetwork.tsx';

export function NetworkMenu({
  network,
  look,
}: {
  readonly network: Network;
  readonly look: 'row' | 'page';
}): ReactNode {
  const words = useWords();
  const [asked, setAsked] = useState<'change' | 'delete' | undefined>(undefined);
  const close = (): void => setAsked(undefined);
  return (
    <>
      <ThingMenu name={network.name} look={look}>
        <DropdownItem onClick={() => setAsked('change')}>{words.text('change')}</DropdownItem>
        <DropdownItem isDanger onClick={() => setAsked('delete')}>
          {words.text('delete')}
        </DropdownItem>
      </ThingMenu>
      {asked === 'change' && <ChangeNetwork network={network} onClose={close} />}
      {asked === 'delete' && <DeleteNetwork network={network} onClose={close} />}
    </>
  );
}
