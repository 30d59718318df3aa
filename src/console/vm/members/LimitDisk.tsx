/** How much the guest reads and writes on a disk at most, also while the vm runs. */
import type { ReactNode } from 'react';
import { z } from 'zod';
import { diskLimitsSchema, placeName, type Disk, type DiskChange, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { PatchDialog } from '../settings/PatchDialog.tsx';

const schema = z.strictObject({ limits: diskLimitsSchema });

export function LimitDisk({
  vm,
  disk,
  onClose,
}: {
  readonly vm: Vm;
  readonly disk: Disk;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const tellOutcome = useOutcome();
  const name = placeName(disk);
  const action = words.operation('vm.disk.change');
  const send = async ({ limits = null }: Partial<DiskChange>): Promise<void> => {
    const body = { limits };
    const params = { vm: vm.id, place: name };
    tellOutcome({ action, name }, await client.call('vm.disk.change', { params, body }));
  };
  return (
    <PatchDialog
      title={`${action}: ${name}`}
      verb={words.text('save')}
      schema={schema}
      value={{ limits: disk.limits ?? {} }}
      send={send}
      onClose={onClose}
    />
  );
}
