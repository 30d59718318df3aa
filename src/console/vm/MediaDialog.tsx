/**
 * What is in the CD and floppy drives, changed while the vm runs. Offered is what the person may see. A guest that has
 * locked a tray is asked first; what force does is explained before it is offered.
 */
import {
  AlertActionLink,
  Button,
  Content,
  Flex,
  FlexItem,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { placeName, type Image, type Medium, type Operation, type Tray, type Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { describeFailure } from '../parts/failure.ts';
import { useList } from '../parts/ask.ts';
import { useVmText } from './words/vm-words.ts';

interface Drive {
  readonly place: string;
  readonly kind: 'cd' | 'floppy';
  readonly medium: Medium | null;
}

type Change = 'insert' | 'eject';

export function MediaDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { opticalDrives, floppy } = vm.definition.hardware;
  const images = useList('image.list', {
    filter: `imageKind != disk AND hostId = "${vm.hostId}"`,
    sort: 'name',
    limit: 1000,
  });
  const drives: readonly Drive[] = [
    ...opticalDrives.map((drive): Drive => ({
      place: placeName(drive),
      kind: 'cd',
      medium: drive.medium,
    })),
    ...(floppy === null
      ? []
      : [{ place: 'floppy', kind: 'floppy', medium: floppy.medium } as const]),
  ];
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="media">
      <ModalHeader labelId="media" title={text('media')} />
      <ModalBody>
        {images.error !== null && <FailureAlert error={images.error} />}
        {drives.length === 0 && <Content component="p">{text('noDrives')}</Content>}
        {drives.map((drive) => (
          <DriveRow key={drive.place} vm={vm} drive={drive} images={images.data?.items ?? []} />
        ))}
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>{words.text('close')}</Button>
      </ModalFooter>
    </Modal>
  );
}

function DriveRow({
  vm,
  drive,
  images,
}: {
  readonly vm: Vm;
  readonly drive: Drive;
  readonly images: readonly Image[];
}): ReactNode {
  const { client, live } = useConsole();
  const text = useVmText();
  const [last, setLast] = useState<Change | undefined>(undefined);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const fitting = images.filter(({ imageKind }) => imageKind === drive.kind);
  const image = chosen ?? fitting[0]?.id;
  const params = { vm: vm.id, place: drive.place };
  const name = drive.kind === 'floppy' ? text('floppyDrive') : `CD ${drive.place}`;
  const begin = (change: Change, tray: Tray): Promise<Operation> => {
    const query = { tray };
    if (change === 'eject') return client.call('vm.medium.eject', { params, query });
    return client.call('vm.medium.insert', {
      params,
      query,
      body: { kind: 'image', image: image ?? '' },
    });
  };
  const attempt = async (change: Change, tray: Tray): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    setLast(change);
    try {
      live.onEnd(await begin(change, tray), ({ fault }) => {
        setBusy(false);
        if (fault !== null) setFailure(fault);
      });
    } catch (error) {
      setBusy(false);
      setFailure(error);
    }
  };
  return (
    <section aria-label={name} className="drive">
      <Content component="h3">{`${name}: ${nameMedium(drive.medium, images) ?? text('emptyDrive')}`}</Content>
      {failure !== undefined && (
        <FailureAlert
          error={failure}
          action={
            last !== undefined &&
            isTrayLocked(failure) && (
              <AlertActionLink onClick={() => void attempt(last, 'force')}>
                {text('forceTray')}
              </AlertActionLink>
            )
          }
        />
      )}
      <Flex>
        <FlexItem grow={{ default: 'grow' }}>
          <FormSelect
            aria-label={`${text('chooseImage')} ${name}`}
            isDisabled={fitting.length === 0}
            value={image ?? ''}
            onChange={(_event, to) => setChosen(to)}
          >
            {fitting.map(({ id, name }) => (
              <FormSelectOption key={id} value={id} label={name} />
            ))}
          </FormSelect>
        </FlexItem>
        <Button
          variant="secondary"
          isLoading={busy}
          isDisabled={busy || image === undefined}
          onClick={() => void attempt('insert', 'ask')}
        >
          {text('insert')}
        </Button>
        <Button
          variant="secondary"
          isDisabled={busy || drive.medium === null}
          onClick={() => void attempt('eject', 'ask')}
        >
          {text('eject')}
        </Button>
      </Flex>
    </section>
  );
}

function isTrayLocked(failure: unknown): boolean {
  return describeFailure(failure).reasons.some(({ code }) => code === 'tray-locked');
}

function nameMedium(medium: Medium | null, images: readonly Image[]): string | undefined {
  switch (medium?.kind) {
    case undefined:
      return undefined;
    case 'image':
      return images.find(({ id }) => id === medium.image)?.name ?? medium.image;
    case 'file':
      return medium.file;
    case 'device':
      return medium.device;
  }
}
