/** What a vm moves to and from its disks and networks, in words and as a graph that is as high as its peak. */
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Sparkline } from '../parts/Sparkline.tsx';

interface Props {
  readonly vm: Vm;
}

export function DiskActivity({ vm }: Props): ReactNode {
  const words = useWords();
  const { live } = useConsole();
  const { diskUse } = vm.status;
  if (diskUse === null) return words.text('notAvailable');
  const read = words.bytes(diskUse.readBytesPerSecond);
  const written = words.bytes(diskUse.writtenBytesPerSecond);
  const values = live.samples
    .of(vm.id)
    .map(({ diskUse: use }) => use && use.readBytesPerSecond + use.writtenBytesPerSecond);
  return (
    <>
      {words.text('diskUse', { read, written })} <Graph values={values} />
    </>
  );
}

export function NetworkActivity({ vm }: Props): ReactNode {
  const words = useWords();
  const { live } = useConsole();
  const { networkUse } = vm.status;
  if (networkUse === null) return words.text('notAvailable');
  const received = words.bytes(networkUse.receivedBytesPerSecond);
  const sent = words.bytes(networkUse.sentBytesPerSecond);
  const values = live.samples
    .of(vm.id)
    .map(({ networkUse: use }) => use && use.receivedBytesPerSecond + use.sentBytesPerSecond);
  return (
    <>
      {words.text('networkUse', { received, sent })} <Graph values={values} />
    </>
  );
}

function Graph({ values }: { readonly values: readonly (number | null)[] }): ReactNode {
  return <Sparkline values={values} most={Math.max(1, ...values.map((value) => value ?? 0))} />;
}
