/**
 * The CD and floppy drives of a vm, and what is in them, changed while it runs. Offered are the images of the library and
 * those among the host's files; one that another vm has is marked, one that it writes cannot be chosen. A guest that has locked a tray is
 * asked first; what force does is explained before it is offered.
 */
import {
  AlertActionLink,
  Content,
  Flex,
  FlexItem,
  FormSelect,
  FormSelectOption,
  FormSelectOptionGroup,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import {
  placeName,
  type KnownMedium,
  type Medium,
  type MediaDrive,
  type Operation,
  type Tray,
  type Vm,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { describeFailure } from '../parts/failure.ts';
import { useVmActions } from '../parts/ask.ts';
import { labelMedium, nameMedium, useKnownMedia } from './known-media.ts';
import { UploadMedium } from './UploadMedium.tsx';
import { useVmText } from './words/vm-words.ts';

interface Drive {
  readonly place: string;
  readonly kind: MediaDrive;
  readonly medium: Medium | null;
}

type Change = 'insert' | 'eject';

export function Drives({
  vm,
  kinds,
}: {
  readonly vm: Vm;
  readonly kinds: readonly MediaDrive[];
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { data: judged } = useVmActions(vm.id, true);
  const change = judged?.actions.find(({ action }) => action === 'insert-media');
  const known = useKnownMedia(
    change === undefined || change.unsupported === true ? undefined : vm.id,
  );
  const [fresh, setFresh] = useState<string | undefined>(undefined);
  const whyNot = words.whyNot(change);
  if (change?.unsupported === true) return <Content component="p">{whyNot}</Content>;
  const drives = drivesOf(vm).filter(({ kind }) => kinds.includes(kind));
  return (
    <>
      {known.error !== null && <FailureAlert error={known.error} />}
      {drives.length === 0 && <Content component="p">{text('noDrives')}</Content>}
      {drives.map((drive) => (
        <DriveRow
          key={drive.place}
          vm={vm}
          drive={drive}
          known={known.data?.media ?? []}
          fresh={fresh}
          whyNot={whyNot}
        />
      ))}
      {known.data?.complete === false && <Content component="p">{text('moreMedia')}</Content>}
      {drives.length > 0 && (
        <UploadMedium
          host={{ id: vm.hostId, name: vm.host }}
          knownKey={['vm.medium.list', vm.id]}
          onDone={setFresh}
        />
      )}
    </>
  );
}

function drivesOf({ definition: { hardware } }: Vm): readonly Drive[] {
  const { opticalDrives, floppy } = hardware;
  return [
    ...opticalDrives.map((drive): Drive => ({
      place: placeName(drive),
      kind: 'cd',
      medium: drive.medium,
    })),
    ...(floppy === null
      ? []
      : [{ place: 'floppy', kind: 'floppy', medium: floppy.medium } as const]),
  ];
}

function DriveRow({
  vm,
  drive,
  known,
  fresh,
  whyNot,
}: {
  readonly vm: Vm;
  readonly drive: Drive;
  readonly known: readonly KnownMedium[];
  /** The path of one that has just come, which is chosen until somebody chooses another one. */
  readonly fresh: string | undefined;
  /** Why nothing is to be put in or taken out now, or undefined. */
  readonly whyNot: string | undefined;
}): ReactNode {
  const { client, live } = useConsole();
  const text = useVmText();
  const [last, setLast] = useState<Change | undefined>(undefined);
  const [chosenPath, setChosenPath] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const fitting = known.filter((one) => one.drive === drive.kind);
  const free = fitting.filter(({ held }) => !held);
  const named = (wanted: string | undefined): KnownMedium | undefined =>
    free.find(({ path }) => path === wanted);
  const chosen = named(chosenPath) ?? named(fresh) ?? free[0];
  const params = { vm: vm.id, place: drive.place };
  const name = drive.kind === 'floppy' ? text('floppyDrive') : `CD ${drive.place}`;
  const begin = (change: Change, tray: Tray): Promise<Operation> | undefined => {
    const query = { tray };
    if (change === 'eject') return client.call('vm.medium.eject', { params, query });
    return chosen && client.call('vm.medium.insert', { params, query, body: chosen.medium });
  };
  const attempt = async (change: Change, tray: Tray): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    setLast(change);
    try {
      const operation = await begin(change, tray);
      if (operation === undefined) setBusy(false);
      else
        live.onEnd(operation, ({ fault }) => {
          setBusy(false);
          if (fault !== null) setFailure(fault);
        });
    } catch (error) {
      setBusy(false);
      setFailure(error);
    }
  };
  const groups = [
    ['inLibrary', fitting.filter(({ medium }) => medium.kind === 'image')],
    ['onHost', fitting.filter(({ medium }) => medium.kind === 'file')],
    ['hostDrives', fitting.filter(({ medium }) => medium.kind === 'device')],
  ] as const;
  const { medium } = drive;
  return (
    <section aria-label={name} className="drive">
      <Content component="h3">{`${name}: ${medium === null ? text('emptyDrive') : nameMedium(medium, known)}`}</Content>
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
            isDisabled={free.length === 0}
            value={chosen?.path ?? ''}
            onChange={(_event, to) => setChosenPath(to)}
          >
            {groups
              .filter(([, members]) => members.length > 0)
              .map(([group, members]) => (
                <FormSelectOptionGroup key={group} label={text(group)}>
                  {members.map((one) => (
                    <FormSelectOption
                      key={one.path}
                      value={one.path}
                      label={labelMedium(text, one)}
                      isDisabled={one.held}
                    />
                  ))}
                </FormSelectOptionGroup>
              ))}
          </FormSelect>
        </FlexItem>
        <JudgedButton
          variant="secondary"
          isLoading={busy}
          isDisabled={busy || chosen === undefined}
          whyNot={whyNot}
          onClick={() => void attempt('insert', 'ask')}
        >
          {text('insert')}
        </JudgedButton>
        <JudgedButton
          variant="secondary"
          isDisabled={busy || medium === null}
          whyNot={whyNot}
          onClick={() => void attempt('eject', 'ask')}
        >
          {text('eject')}
        </JudgedButton>
      </Flex>
    </section>
  );
}

function isTrayLocked(failure: unknown): boolean {
  return describeFailure(failure).reasons.some(({ code }) => code === 'tray-locked');
}
