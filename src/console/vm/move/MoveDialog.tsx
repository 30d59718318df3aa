/**
 * A vm goes to another host, or its files to another folder of its host (docs/rfd/0030, as it runs 0042, between libvirt hosts 0032). Both hosts are asked meanwhile what stands
 * against it, and all of that is shown before it is begun.
 */
import { FormGroup, FormSelect, FormSelectOption, Radio, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { present } from '#lib';
import { useConsole, useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { useList } from '../../parts/ask.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { Foreseen } from '../../parts/Foreseen.tsx';
import { Hint } from '../../parts/Hint.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { RateInput } from '../settings/RateInput.tsx';
import { VmActionDialog } from '../VmActionDialog.tsx';
import {
  hostsOfMove,
  isPace,
  moveBody,
  paceField,
  whyNotHost,
  type HostsOfMove,
  type MoveAnswers,
  type MoveKind,
  type PassageStorage,
  type WhyNotHost,
} from './move-body.ts';
import { useMoveText, type MoveText, type MoveTextKey } from './words.ts';

export function MoveDialog({
  vm,
  kind,
  onClose,
}: {
  readonly vm: Vm;
  readonly kind: MoveKind;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useMoveText();
  const [answers, setAnswers] = useState<MoveAnswers>({
    host: vm.hostId,
    path: '',
    disks: 'copy',
    bytesPerSecond: null,
  });
  const hosts = useList('host.list', { sort: 'name', limit: 1000 });
  const own = hosts.data?.items.find(({ id }) => id === vm.hostId);
  const between = hostsOfMove(kind, own);
  const body = moveBody(kind, answers, vm.hostId, between);
  const settled = useSettled(body ?? null);
  const params = { vm: vm.id };
  const stays = answers.host === vm.hostId;
  return (
    <VmActionDialog
      vm={vm}
      action={kind}
      canSend={body !== undefined}
      begin={() => client.call('vm.relocate', { params, body: present(body, 'where it goes') })}
      onClose={onClose}
    >
      <HostField
        vm={vm}
        kind={kind}
        between={between}
        hosts={hosts}
        value={answers.host}
        onValue={(host) => setAnswers({ ...answers, host })}
      />
      {between === 'libvirt hosts' ? (
        <DisksField value={answers.disks} onValue={(disks) => setAnswers({ ...answers, disks })} />
      ) : (
        <FormGroup label={text('path')} fieldId="move-path">
          <TextInput
            id="move-path"
            autoComplete="off"
            placeholder={text(stays && kind === 'relocate' ? 'whichPath' : 'usualPath')}
            value={answers.path}
            onChange={(_event, path) => setAnswers({ ...answers, path })}
          />
        </FormGroup>
      )}
      {kind === 'migrate' && between === 'agents' && (
        <FormGroup label={text('pace')} fieldId="move-pace">
          <RateInput
            id="move-pace"
            aria-describedby="move-pace-hint"
            isDisabled={false}
            validated={isPace(answers.bytesPerSecond) ? 'default' : 'error'}
            field={paceField}
            name={text('pace')}
            value={answers.bytesPerSecond}
            onValue={(pace) =>
              setAnswers({ ...answers, bytesPerSecond: typeof pace === 'number' ? pace : null })
            }
          />
          <Hint id="move-pace-hint">{text('paceHint')}</Hint>
        </FormGroup>
      )}
      {body !== undefined && (
        <Foreseen
          planKey={['vm.relocate', vm.id, settled]}
          enabled={settled !== null}
          title={text('warnings')}
          plan={(signal) => client.dryRun('vm.relocate', { params, body: settled ?? body }, signal)}
        />
      )}
    </VmActionDialog>
  );
}

/** All hosts that the person sees; those that cannot take it with the reason. */
function HostField({
  vm,
  kind,
  between,
  hosts: { data, error },
  value,
  onValue,
}: {
  readonly vm: Vm;
  readonly kind: MoveKind;
  readonly between: HostsOfMove;
  readonly hosts: Pick<ReturnType<typeof useList<'host.list'>>, 'data' | 'error'>;
  readonly value: string;
  readonly onValue: (host: string) => void;
}): ReactNode {
  const words = useWords();
  const text = useMoveText();
  const own = data?.items.find(({ id }) => id === vm.hostId);
  const others = data?.items.filter(({ id }) => id !== vm.hostId) ?? [];
  return (
    <>
      {error !== null && <FailureAlert error={error} />}
      <FormGroup label={text('host')} fieldId="move-host">
        <FormSelect
          id="move-host"
          value={value}
          aria-describedby="move-host-hint"
          onChange={(_event, host) => onValue(host)}
        >
          <FormSelectOption value={vm.hostId} label={text('here', { host: vm.host })} />
          {others.map((host) => {
            const reason = tellWhyNot(whyNotHost(kind, host, own), words, text);
            return (
              <FormSelectOption
                key={host.id}
                value={host.id}
                label={
                  reason === undefined ? host.name : text('cannot', { host: host.name, reason })
                }
                isDisabled={reason !== undefined}
              />
            );
          })}
        </FormSelect>
        <Hint id="move-host-hint">{text(hintOf(kind, between, value === vm.hostId))}</Hint>
      </FormGroup>
    </>
  );
}

function hintOf(kind: MoveKind, between: HostsOfMove, stays: boolean): MoveTextKey {
  if (kind === 'migrate' && stays) return 'chooseHost';
  if (kind === 'migrate') return between === 'agents' ? 'goesOn' : 'asItRuns';
  return stays ? 'sameHost' : 'otherHost';
}

/** What becomes of disks is said by whoever moves the vm: a file of the same name there may be the same one or another one. */
function DisksField({
  value,
  onValue,
}: {
  readonly value: PassageStorage;
  readonly onValue: (value: PassageStorage) => void;
}): ReactNode {
  const text = useMoveText();
  return (
    <FormGroup label={text('disks')} fieldId="move-disks" role="radiogroup">
      {(['copy', 'shared'] as const).map((one) => (
        <Radio
          key={one}
          id={`move-disks-${one}`}
          name="move-disks"
          label={text(`${one}Disks`)}
          description={text(`${one}Hint`)}
          isChecked={value === one}
          onChange={() => onValue(one)}
        />
      ))}
    </FormGroup>
  );
}

function tellWhyNot(why: WhyNotHost | undefined, words: Words, text: MoveText): string | undefined {
  switch (why?.kind) {
    case undefined:
      return undefined;
    case 'no-agent':
      return text('noAgent');
    case 'no-libvirt':
      return text('noLibvirt');
    case 'simulated':
      return text(why.which === 'there' ? 'simulatedThere' : 'simulatedHere');
    case 'status':
      return words.hostStatus(why.status);
    case 'missing':
      return words.told(why.reason);
  }
}
