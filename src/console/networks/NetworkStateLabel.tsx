/** The state of a network, by colour and word. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { NetworkState } from '#api';
import { useNetworkText } from './words.ts';

const colors = { unused: 'grey', ready: 'green', degraded: 'yellow', down: 'red' } as const;

export function NetworkStateLabel({ state }: { readonly state: NetworkState }): ReactNode {
  const text = useNetworkText();
  return (
    <Label isCompact color={colors[state]}>
      {text(`state.${state}`)}
    </Label>
  );
}
