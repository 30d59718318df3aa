/** A folder as it is in a snapshot; its files are put back into the disk that the vm has now, one by one, while it is off. */
import { Content } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useVm, useVmActions } from '../../parts/ask.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';
import { InnerFolder, type OpenFolder } from './InnerFolder.tsx';
import { useInnerText } from './inner-words.ts';
import { elsewhere, type SnapshotPlace } from './place.ts';
import { useSnapshotName } from './SnapshotHead.tsx';

export function SnapshotFolder({
  place,
  folder,
}: {
  readonly place: SnapshotPlace;
  readonly folder: OpenFolder;
}): ReactNode {
  const words = useWords();
  const text = useInnerText();
  const { data: vm } = useVm(place.vm);
  const { data: judged } = useVmActions(place.vm, true);
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const name = vm?.name ?? '';
  const change = judged?.actions.find(({ action }) => action === 'change-disks');
  const whyNot =
    vm !== undefined && vm.state !== 'off' ? text('backOff', { vm: name }) : words.whyNot(change);
  return (
    <>
      <InnerFolder
        place={place}
        folder={folder}
        deed={{
          label: text('back'),
          of: (file, path) =>
            (file.kind === 'file' || file.kind === 'folder') && (
              <JudgedButton
                whyNot={whyNot}
                variant="link"
                isInline
                aria-label={text('backNamed', { name: file.name })}
                onClick={() => setAsked(path)}
              >
                {text('back')}
              </JudgedButton>
            ),
        }}
      />
      {asked !== undefined && vm !== undefined && (
        <PutBack
          vm={vm}
          place={elsewhere(place, folder.partition, asked)}
          path={asked}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

function PutBack({
  vm,
  place,
  path,
  onClose,
}: {
  readonly vm: Vm;
  readonly place: SnapshotPlace;
  readonly path: string;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useInnerText();
  const tellOutcome = useOutcome();
  const { name: snapshotName } = useSnapshotName(place);
  const { snapshot, disk, partition } = place;
  const title = text('backInto', { path, vm: vm.name });
  return (
    <FormDialog
      title={title}
      verb={text('back')}
      look="danger"
      canSend
      send={async () =>
        tellOutcome(
          { action: text('backNamed', { name: path }), name: vm.name },
          await client.call('vm.snapshot.restore-file', {
            params: { vm: vm.id, snapshot },
            body: {
              path,
              ...(disk === undefined ? {} : { disk }),
              ...(partition === undefined ? {} : { partition }),
            },
          }),
        )
      }
      onClose={onClose}
    >
      <Content component="p">{text('backBody', { vm: vm.name, snapshot: snapshotName })}</Content>
    </FormDialog>
  );
}
