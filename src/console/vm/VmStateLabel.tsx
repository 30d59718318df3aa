/** How a vm stands, or its state: a sign, a colour and the word, so that none of them is needed alone. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { vmStandingFacts, type VmStanding } from '#api';
import { useWords } from '../console.ts';

const colors = {
  ok: 'green',
  busy: 'blue',
  idle: 'yellow',
  off: 'grey',
  problem: 'red',
} as const;

export function VmStateLabel({ state }: { readonly state: VmStanding }): ReactNode {
  const words = useWords();
  const { glyph, tone } = vmStandingFacts[state];
  return (
    <Label color={colors[tone]} isCompact icon={<span aria-hidden>{glyph}</span>}>
      {words.state(state)}
    </Label>
  );
}
