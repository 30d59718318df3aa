/** Above the files of a snapshot: of which vm and when, and which of its disks. */
import { Content, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useConsole, useWords } from '../../console.ts';
import { pageHelp } from '../../manual/help.ts';
import { useVm } from '../../parts/ask.ts';
import { PageTitle } from '../../parts/PageTitle.tsx';
import { snapshotDisks } from '../../vm/snapshots/snapshot-disks.ts';
import { useInnerText } from './inner-words.ts';
import type { SnapshotPlace } from './place.ts';

/** The name of the snapshot; its id until it is known. */
export function useSnapshotName({ vm, snapshot }: SnapshotPlace): {
  readonly name: string;
  readonly takenAt: string | undefined;
} {
  const { client } = useConsole();
  const { data } = useQuery({
    queryKey: ['vm.snapshot.list', vm],
    queryFn: ({ signal }) => client.call('vm.snapshot.list', { params: { vm } }, signal),
  });
  const found = data?.items.find(({ id }) => id === snapshot);
  return { name: found?.name ?? snapshot, takenAt: found?.takenAt };
}

export function SnapshotTitle({ place }: { readonly place: SnapshotPlace }): ReactNode {
  const text = useInnerText();
  const { name } = useSnapshotName(place);
  return <PageTitle title={text('files', { file: name })} help={pageHelp.disks} />;
}

export function AboutSnapshot({ place }: { readonly place: SnapshotPlace }): ReactNode {
  const words = useWords();
  const text = useInnerText();
  const navigate = useNavigate();
  const { data: vm } = useVm(place.vm);
  const { name, takenAt } = useSnapshotName(place);
  const { disk } = place;
  const present = vm === undefined ? [] : snapshotDisks(vm);
  const disks = [...new Set([...present, ...(disk === undefined ? [] : [disk])])];
  return (
    <>
      {vm !== undefined && takenAt !== undefined && (
        <Content component="p">
          {text('ofSnapshot', { name, vm: vm.name, time: words.time(takenAt) })}{' '}
          <Link to="/vms/$vm" params={{ vm: vm.id }} search={{ tab: 'snapshots' }}>
            {text('snapshots')}
          </Link>
        </Content>
      )}
      {disks.length > 1 && (
        <FormSelect
          className="host-choice"
          aria-label={text('disk')}
          value={disk ?? ''}
          onChange={(_event, chosen) =>
            void navigate({
              to: '/disks/files',
              search: { vm: place.vm, snapshot: place.snapshot, disk: chosen },
            })
          }
        >
          {disk === undefined && <FormSelectOption value="" label={text('disk')} isPlaceholder />}
          {disks.map((one) => (
            <FormSelectOption key={one} value={one} label={`${text('disk')} ${one}`} />
          ))}
        </FormSelect>
      )}
    </>
  );
}
