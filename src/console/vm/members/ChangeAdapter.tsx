/** What of an adapter can be changed while the vm runs: all that the contract takes of such a request. */
import type { ReactNode } from 'react';
import {
  adapterChangeSchema,
  adapterSchema,
  type Adapter,
  type AdapterChange,
  type Vm,
} from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { settingsIn } from '../settings/patch-fields.ts';
import { PatchDialog } from '../settings/PatchDialog.tsx';

const schema = settingsIn(adapterChangeSchema, adapterSchema);

export function ChangeAdapter({
  vm,
  name,
  adapter,
  onClose,
}: {
  readonly vm: Vm;
  readonly name: string;
  readonly adapter: Adapter;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const tellOutcome = useOutcome();
  const action = words.text('change');
  const send = async (body: AdapterChange): Promise<void> => {
    const params = { vm: vm.id, slot: adapter.slot };
    tellOutcome({ action, name }, await client.call('vm.adapter.change', { params, body }));
  };
  return (
    <PatchDialog
      title={`${action}: ${name}`}
      verb={words.text('save')}
      schema={schema}
      value={adapter}
      send={send}
      onClose={onClose}
    />
  );
}
