/** Keeps the present of a vm under a name; shared disks are left out one by one, and the oldest gives way where it must. */
import { Checkbox, Content, FormGroup } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { doAdditionsAnswer, placeName, type Snapshot, type Vm } from '#api';
import { useConsole } from '../../console.ts';
import { NameFields } from './NameFields.tsx';
import { SnapshotDialog } from './SnapshotDialog.tsx';
import { useSnapshotText } from './words.ts';

export function TakeSnapshot({
  vm,
  snapshots,
  onClose,
}: {
  readonly vm: Vm;
  readonly snapshots: readonly Snapshot[];
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useSnapshotText();
  const [naming, setNaming] = useState({ name: '', description: '' });
  const [exclude, setExclude] = useState<readonly string[]>([]);
  const [replaces, setReplaces] = useState(false);
  const [memory, setMemory] = useState(false);
  const [quiesce, setQuiesce] = useState(false);
  const hasMemory = vm.state === 'running' || vm.state === 'paused';
  const canQuiesce = vm.state === 'running' && doAdditionsAnswer(vm.status.additions.state);
  const { hardware, settings } = vm.definition;
  const shared = hardware.disks.filter((disk) => disk.shared).map(placeName);
  const { limit } = settings.snapshots;
  const [oldest] = limit !== null && snapshots.length >= limit ? snapshots : [];
  return (
    <SnapshotDialog
      action={text('take')}
      name={vm.name}
      look="primary"
      canSend={naming.name !== '' && (oldest === undefined || replaces)}
      send={() =>
        client.call('vm.snapshot.take', {
          params: { vm: vm.id },
          body: {
            ...naming,
            exclude: [...exclude],
            memory: hasMemory && memory,
            quiesce: canQuiesce && quiesce && !memory,
            atLimit: replaces ? 'replace-oldest' : 'refuse',
          },
        })
      }
      onClose={onClose}
    >
      <Content component="p">{text('takeBody')}</Content>
      <NameFields value={naming} onValue={setNaming} />
      {hasMemory && (
        <Checkbox
          id="snapshot-memory"
          label={text('memory')}
          isChecked={memory}
          onChange={(_event, checked) => setMemory(checked)}
        />
      )}
      {canQuiesce && !memory && (
        <Checkbox
          id="snapshot-quiesce"
          label={text('quiesce')}
          isChecked={quiesce}
          onChange={(_event, checked) => setQuiesce(checked)}
        />
      )}
      {shared.length > 0 && (
        <FormGroup role="group" label={text('leaveOutHint')}>
          {shared.map((place) => (
            <Checkbox
              key={place}
              id={`leave-out-${place}`}
              label={text('leaveOut', { place })}
              isChecked={exclude.includes(place)}
              onChange={(_event, checked) =>
                setExclude(
                  checked ? [...exclude, place] : exclude.filter((other) => other !== place),
                )
              }
            />
          ))}
        </FormGroup>
      )}
      {oldest !== undefined && (
        <Checkbox
          id="replace-oldest"
          label={text('replaceOldest', { name: oldest.name })}
          isChecked={replaces}
          onChange={(_event, checked) => setReplaces(checked)}
        />
      )}
    </SnapshotDialog>
  );
}
