/** Begins a recording of the console at which the person is, or ends it. */
import type { ReactNode } from 'react';
import type { ConsoleSession, Vm } from '#api';
import { useConsole } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { useVmText } from '../words/vm-words.ts';

export function RecordButton({
  vm,
  session: { console, recordedBy },
  whyNot,
  onEnded,
}: {
  readonly vm: Vm;
  readonly session: ConsoleSession;
  readonly whyNot: string | undefined;
  readonly onEnded: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const text = useVmText();
  const params = { vm: vm.id };
  const title = text(recordedBy === null ? 'record' : 'endRecording');
  const toggle = async (): Promise<void> => {
    try {
      if (recordedBy === null) {
        await client.call('vm.recording.start', { params, body: { console } });
        return;
      }
      const { items } = await client.call('vm.recording.list', { params });
      const running = items.find((one) => one.console === console && one.state === 'running');
      if (running !== undefined)
        await client.call('vm.recording.stop', { params: { ...params, recording: running.id } });
      onEnded();
    } catch (error) {
      notices.fail(title, error);
    }
  };
  return (
    <JudgedButton variant="secondary" whyNot={whyNot} onClick={() => void toggle()}>
      {title}
    </JudgedButton>
  );
}
