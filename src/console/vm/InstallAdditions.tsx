/** The installation of guest additions is begun by putting their CD into the first drive of the vm; the rest is done in the guest. */
import { Button, Content } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { placeName, type ImageRecipe, type Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { useList, useVmActions } from '../parts/ask.ts';
import { useOutcome } from '../parts/use-outcome.ts';
import { MediaDialog } from './MediaDialog.tsx';
import { useVmText } from './words/vm-words.ts';

/** For a guest, the better first. */
function recipesFor({ definition }: Vm): readonly ImageRecipe[] {
  return definition.guestOs.startsWith('windows')
    ? ['additions-windows', 'additions']
    : ['additions'];
}

export function InstallAdditions({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const tellOutcome = useOutcome();
  const [failure, setFailure] = useState<unknown>(undefined);
  const [media, setMedia] = useState(false);
  const { data: judged } = useVmActions(vm.id, true);
  const insertable = judged?.actions.find(({ action }) => action === 'insert-media');
  const { data: images } = useList('image.list', {
    filter: `hostId = "${vm.hostId}" AND imageKind = cd`,
    sort: 'name',
    limit: 1000,
  });
  const image = recipesFor(vm)
    .map((recipe) => images?.items.find(({ builtFrom }) => builtFrom === recipe))
    .find((found) => found !== undefined);
  const [drive] = vm.definition.hardware.opticalDrives;
  const missing =
    drive === undefined
      ? text('noDrives')
      : images !== undefined && image === undefined
        ? text('additionsNoImage')
        : undefined;
  const insert = async (): Promise<void> => {
    if (drive === undefined || image === undefined) return;
    setFailure(undefined);
    try {
      const operation = await client.call('vm.medium.insert', {
        params: { vm: vm.id, place: placeName(drive) },
        query: { tray: 'ask' },
        body: { kind: 'image', image: image.id },
      });
      tellOutcome({ action: words.operation('vm.medium.insert'), name: image.name }, operation);
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <>
      {vm.status.additions.state !== 'running' && (
        <Content component="p">{text('additionsInstall')}</Content>
      )}
      {failure !== undefined && <FailureAlert error={failure} />}
      <JudgedButton
        variant="secondary"
        isDisabled={images === undefined || insertable === undefined}
        whyNot={missing ?? words.whyNot(insertable)}
        onClick={() => void insert()}
      >
        {text('additionsInsert')}
      </JudgedButton>{' '}
      <Button
        variant="link"
        isDisabled={insertable?.allowed !== true}
        onClick={() => setMedia(true)}
      >
        {text('media')}
      </Button>
      {media && <MediaDialog vm={vm} onClose={() => setMedia(false)} />}
    </>
  );
}
