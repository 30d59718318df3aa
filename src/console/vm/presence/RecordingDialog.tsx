/** Recordings of the screen and the serial ports of a vm: played, stopped, fetched, deleted. */
import { Button, ModalBody, ModalHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Recording, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { saveRecording } from '../save-file.ts';
import { useVmText } from '../words/vm-words.ts';
import { useActedList, type ActedList } from './use-acted-list.ts';
import { Dialog } from '../../parts/Dialog.tsx';

export function RecordingDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useVmText();
  const params = { vm: vm.id };
  const { items, act, problem } = useActedList(['vm.recording.list', vm.id], (signal) =>
    client.call('vm.recording.list', { params }, signal),
  );
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="recordings">
      <ModalHeader
        labelId="recordings"
        title={text('recordings')}
        description={text('recordingsHint')}
      />
      <ModalBody>
        {problem !== undefined && <FailureAlert error={problem} />}
        {items.length === 0 && <p>{text('recordingsNone')}</p>}
        <ul className="share-links" aria-label={text('recordings')}>
          {items.map((one) => (
            <OneRecording key={one.id} vm={vm} one={one} act={act} />
          ))}
        </ul>
      </ModalBody>
    </Dialog>
  );
}

function OneRecording({
  vm,
  one,
  act,
}: {
  readonly vm: Vm;
  readonly one: Recording;
  readonly act: ActedList<Recording>['act'];
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const params = { vm: vm.id, recording: one.id };
  const began = words.time(one.startedAt);
  const fetchFile = async (): Promise<void> => {
    const bytes = await client.call('vm.recording.file', { params });
    saveRecording(bytes, vm.name, one.console);
  };
  const button = (title: string, work: () => Promise<unknown>): ReactNode => (
    <Button
      variant="link"
      isInline
      aria-label={`${title}: ${began}`}
      onClick={() => void act(work)}
    >
      {title}
    </Button>
  );
  return (
    <li>
      <strong>{began}</strong>
      <span>
        {text(`recorded.${one.console}`)} · {one.by} · {words.bytes(one.sizeBytes)}
      </span>
      {one.state === 'running' ? (
        button(text('stopRecording'), () => client.call('vm.recording.stop', { params }))
      ) : (
        <>
          <a
            href={`/recording/${vm.id}/${one.id}`}
            target="_blank"
            aria-label={`${text('play')}: ${began}`}
          >
            {text('play')}
          </a>
          {button(text('download'), fetchFile)}
          {button(words.action('delete'), () => client.call('vm.recording.delete', { params }))}
        </>
      )}
    </li>
  );
}
