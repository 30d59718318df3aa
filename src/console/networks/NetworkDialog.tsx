/** What is asked before something is done to a network: what of it to change, or whether to delete it. */
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { ChangeNetwork } from './ChangeNetwork.tsx';
import { DeleteNetwork } from './DeleteNetwork.tsx';
import type { NetworkVerb } from './verbs.ts';

export function NetworkDialog({
  network,
  verb,
  onClose,
}: {
  readonly network: Network;
  readonly verb: NetworkVerb;
  readonly onClose: () => void;
}): ReactNode {
  switch (verb) {
    case 'change':
      return <ChangeNetwork network={network} onClose={onClose} />;
    case 'delete':
      return <DeleteNetwork network={network} onClose={onClose} />;
  }
}
