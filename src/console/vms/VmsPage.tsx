/** All vms: filter, order and the forms for one more are in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { CreateVm } from './CreateVm.tsx';
import { parseVmsPlace, type VmsPlace } from './place.ts';
import { VmList } from './VmList.tsx';

// They come when they are asked for.
const AddVm = lazyPart(async () => (await import('./AddVm.tsx')).AddVm);
const ImportVm = lazyPart(async () => (await import('./import/ImportVm.tsx')).ImportVm);

export function VmsPage(): ReactNode {
  const words = useWords();
  const { whyNot } = useRights();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const {
    create,
    add,
    import: isImporting,
    ...place
  } = parseVmsPlace(useSearch({ strict: false }));
  const go = (to: VmsPlace): void => void navigate({ to: '/vms', search: to });
  return (
    <>
      <PageTitle title={words.text('virtualMachines')} help={pageHelp.vms} narrowed={narrowed}>
        <JudgedButton whyNot={whyNot('vm.create')} onClick={() => go({ ...place, create: true })}>
          {words.text('createVm')}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('vm.add')}
          variant="secondary"
          onClick={() => go({ ...place, add: true })}
        >
          {words.text('addVm')}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('vm.import')}
          variant="secondary"
          onClick={() => go({ ...place, import: true })}
        >
          {words.text('importVm')}
        </JudgedButton>
      </PageTitle>
      <VmList
        place={place}
        onPlace={go}
        {...(narrowed === undefined ? {} : { within: `hostId = "${narrowed.id}"` })}
      />
      {create && <CreateVm onClose={() => go(place)} />}
      {add && (
        <Suspense fallback={null}>
          <AddVm onClose={() => go(place)} />
        </Suspense>
      )}
      {isImporting && (
        <Suspense fallback={null}>
          <ImportVm onClose={() => go(place)} />
        </Suspense>
      )}
    </>
  );
}
