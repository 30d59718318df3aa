/** Takes a vm back to a snapshot: what is lost by it is said, and can be kept before. */
import { Checkbox, Content, FormGroup, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { vmStateFacts, type Snapshot, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { SnapshotDialog } from './SnapshotDialog.tsx';
import { useSnapshotText } from './words.ts';

export function RevertSnapshot({
  vm,
  snapshot,
  snapshots,
  onClose,
}: {
  readonly vm: Vm;
  readonly snapshot: Snapshot;
  readonly snapshots: readonly Snapshot[];
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useSnapshotText();
  const [keeps, setKeeps] = useState(false);
  const [leaves, setLeaves] = useState(false);
  const hasMemory = snapshot.memoryBytes !== null;
  const [kept, setKept] = useState(text('beforeRevert', { name: snapshot.name }));
  const from = snapshots.find(({ present }) => present);
  return (
    <SnapshotDialog
      action={text('revert')}
      name={snapshot.name}
      look="danger"
      canSend={!keeps || kept !== ''}
      send={() =>
        client.call('vm.snapshot.revert', {
          params: { vm: vm.id, snapshot: snapshot.id },
          body: {
            ...(keeps ? { snapshotFirst: kept } : {}),
            memory: leaves ? 'leave' : 'restore',
          },
        })
      }
      onClose={onClose}
    >
      <Content component="p">
        {text('revertBody', { time: words.time(snapshot.takenAt) })}{' '}
        {vmStateFacts[vm.state].live && `${text('revertEnds')} `}
        {hasMemory && !leaves && `${text('revertGoesOn')} `}
        {!keeps &&
          (from === undefined ? text('revertLosesAll') : text('revertLoses', { name: from.name }))}
      </Content>
      {hasMemory && (
        <Checkbox
          id="disks-only"
          label={text('disksOnly')}
          isChecked={leaves}
          onChange={(_event, checked) => setLeaves(checked)}
        />
      )}
      <Checkbox
        id="keep-first"
        label={text('keepFirst')}
        isChecked={keeps}
        onChange={(_event, checked) => setKeeps(checked)}
      />
      {keeps && (
        <FormGroup label={text('keepFirstName')} fieldId="keep-first-name" isRequired>
          <TextInput
            id="keep-first-name"
            isRequired
            autoComplete="off"
            maxLength={100}
            value={kept}
            onChange={(_event, name) => setKept(name)}
          />
        </FormGroup>
      )}
    </SnapshotDialog>
  );
}
