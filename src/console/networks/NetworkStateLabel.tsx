/** The state of a network: a sign, a colour and the word. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { NetworkState } from '#api';
import { useWords } from '../console.ts';

export const networkSigns = {
  unused: { glyph: '○', tone: 'off', color: 'grey' },
  ready: { glyph: '●', tone: 'ok', color: 'green' },
  degraded: { glyph: '!', tone: 'idle', color: 'yellow' },
  down: { glyph: '✕', tone: 'problem', color: 'red' },
} as const satisfies Record<NetworkState, object>;

export function NetworkStateLabel({ state }: { readonly state: NetworkState }): ReactNode {
  const words = useWords();
  const { glyph, color } = networkSigns[state];
  return (
    <Label isCompact color={color} icon={<span aria-hidden>{glyph}</span>}>
      {words.networkState(state)}
    </Label>
  );
}
