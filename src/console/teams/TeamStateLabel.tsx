/** The state that all members of a team share, or that there is none. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { TeamState } from '#api';
import { VmStateLabel } from '../vm/VmStateLabel.tsx';
import { useTeamText } from './words.ts';

export function TeamStateLabel({ state }: { readonly state: TeamState }): ReactNode {
  const text = useTeamText();
  if (state !== 'mixed' && state !== 'empty') return <VmStateLabel state={state} />;
  return <Label isCompact>{text(`state.${state}`)}</Label>;
}
