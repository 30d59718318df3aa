/** All vms: filter, order and the form for a new one are in the address. */
import { Button } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { CreateVm } from './CreateVm.tsx';
import { parseVmsPlace, type VmsPlace } from './place.ts';
import { VmList } from './VmList.tsx';

export function VmsPage(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const { create, ...place } = parseVmsPlace(useSearch({ strict: false }));
  const go = (to: VmsPlace): void => void navigate({ to: '/vms', search: to });
  return (
    <>
      <PageTitle title={words.text('virtualMachines')}>
        <Button onClick={() => go({ ...place, create: true })}>{words.text('createVm')}</Button>
      </PageTitle>
      <VmList place={place} onPlace={go} />
      {create && <CreateVm onClose={() => go(place)} />}
    </>
  );
}
