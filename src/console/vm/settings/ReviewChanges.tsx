/**
 * Old and new value of every change before it is saved. It is saved only against the version that was read
 * (If-Match); an operation that fails on its way leaves what was typed where it is.
 */
import { Button, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { isFault } from '#lib';
import type { CallInput, Operation, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { nameSettingPath } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { ChangeTable } from './ChangeTable.tsx';
import type { Draft } from './draft.ts';
import { writePatch } from './merge.ts';
import { Dialog } from '../../parts/Dialog.tsx';

export function ReviewChanges({
  vm,
  draft,
  onClose,
}: {
  readonly vm: Vm;
  readonly draft: Draft;
  readonly onClose: () => void;
}): ReactNode {
  const { client, live, notices, queries } = useConsole();
  const words = useWords();
  const text = useVmText();
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const end = (operation: Operation): void => {
    setBusy(false);
    if (operation.state !== 'done') {
      setFailure(operation.fault ?? new Error(operation.state));
      return;
    }
    const later = pathsAtNextStart(operation);
    notices.tell(
      text('saved', { name: vm.name }),
      later.length === 0
        ? undefined
        : `${text('atNextStartNow')} ${later.map((path) => nameSettingPath(words, path)).join('; ')}`,
    );
    draft.drop();
    onClose();
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      const operation = await client.call('vm.update', {
        params: { vm: vm.id },
        body: writePatch(draft.saved, draft.value) as CallInput<'vm.update'>['body'],
        ifMatch: draft.version,
      });
      live.onEnd(operation, end);
    } catch (error) {
      setBusy(false);
      // Who is signed out is asked to sign in over this, and then saves again.
      if (!isFault(error, 'unauthenticated')) setFailure(error);
      // What the other has saved is read, and shown beside one's own.
      if (isFault(error, 'stale'))
        void queries.invalidateQueries({ queryKey: ['vm.show', vm.id] }).then(onClose);
    }
  };
  const problems = [...draft.problems];
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="review">
      <ModalHeader labelId="review" title={text('settingsOf', { name: vm.name })} />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        {problems.length > 0 && (
          <FailureAlert
            error={
              new Error(
                `${text('invalid')}: ${problems.map(([path, why]) => `${path} ${why}`).join('; ')}`,
              )
            }
          />
        )}
        <ChangeTable
          columns={[text('oldValue'), text('newValue')]}
          rows={draft.changes.map(({ path, oldValue, newValue }) => ({
            path,
            values: [oldValue, newValue],
          }))}
        />
      </ModalBody>
      <ModalFooter>
        <Button
          isLoading={busy}
          isDisabled={busy || problems.length > 0 || draft.conflicts.length > 0}
          onClick={() => void save()}
        >
          {words.text('save')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}

function pathsAtNextStart({ result }: Operation): readonly string[] {
  const paths = result?.['atNextStart'];
  return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
}
