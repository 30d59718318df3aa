/** Which account the vm will run under, as it would be saved (WEB-41). */
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { FactList } from '../parts/FactList.tsx';
import type { Draft } from './settings/draft.ts';
import { placeOf, readAt } from './settings/place.ts';
import { useVmText } from './words/vm-words.ts';

export function RunAccount({ vm, draft }: { readonly vm: Vm; readonly draft: Draft }): ReactNode {
  const text = useVmText();
  // Its hypervisor has accounts of its own.
  if (vm.driver === 'libvirt') return null;
  const runAs = readAt(draft.value, placeOf('settings/runAs').steps);
  const account = typeof runAs === 'string' && runAs !== '' ? runAs : text('ownAccount');
  return <FactList facts={[[text('runAccount'), account]]} />;
}
