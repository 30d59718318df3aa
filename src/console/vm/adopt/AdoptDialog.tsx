/**
 * A vm of a hypervisor becomes one of the agent of its computer, or goes back (docs/rfd/0034). What Gantry has no word for, and what
 * stands against it, is shown before it is begun.
 */
import { Content, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { DryRun, Operation, Vm } from '#api';
import { useConsole } from '../../console.ts';
import { useList } from '../../parts/ask.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { Foreseen } from '../../parts/Foreseen.tsx';
import { VmActionDialog } from '../VmActionDialog.tsx';
import { useAdoptText } from './words.ts';

/** Empty: the only host that sees the same disks. */
const whoever = '';

export function AdoptDialog({
  vm,
  kind,
  onClose,
}: {
  readonly vm: Vm;
  readonly kind: 'adopt' | 'give-back';
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useAdoptText();
  const [host, setHost] = useState(whoever);
  const params = { vm: vm.id };
  const body = host === whoever ? {} : { host };
  const begin = (): Promise<Operation> =>
    kind === 'adopt'
      ? client.call('vm.adopt', { params, body })
      : client.call('vm.give-back', { params });
  const plan = (signal: AbortSignal): Promise<DryRun> =>
    kind === 'adopt'
      ? client.dryRun('vm.adopt', { params, body }, signal)
      : client.dryRun('vm.give-back', { params }, signal);
  return (
    <VmActionDialog vm={vm} action={kind} canSend begin={begin} onClose={onClose}>
      <Content component="p">{text(kind === 'adopt' ? 'adoptSays' : 'giveBackSays')}</Content>
      {kind === 'adopt' && <AgentField value={host} onValue={setHost} />}
      <Foreseen
        planKey={[`vm.${kind}`, vm.id, host]}
        enabled
        title={text('warnings')}
        plan={plan}
      />
    </VmActionDialog>
  );
}

function AgentField({
  value,
  onValue,
}: {
  readonly value: string;
  readonly onValue: (host: string) => void;
}): ReactNode {
  const text = useAdoptText();
  const { data, error } = useList('host.list', { sort: 'name', limit: 1000 });
  const agents = data?.items.filter(({ connection }) => connection === null) ?? [];
  return (
    <>
      {error !== null && <FailureAlert error={error} />}
      <FormGroup label={text('host')} fieldId="adopt-host">
        <FormSelect id="adopt-host" value={value} onChange={(_event, chosen) => onValue(chosen)}>
          <FormSelectOption value={whoever} label={text('onlyOne')} />
          {agents.map(({ id, name }) => (
            <FormSelectOption key={id} value={id} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
    </>
  );
}
