/** A copy of a vm: of what, of which kind, called what. The server checks it meanwhile; what it warns of is shown before. */
import {
  Checkbox,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { doAdditionsAnswer, type Snapshot, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useVmActions } from '../../parts/ask.ts';
import { FolderField } from '../../parts/FolderField.tsx';
import { Foreseen } from '../../parts/Foreseen.tsx';
import { Hint } from '../../parts/Hint.tsx';
import { NameField } from '../../parts/NameField.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { VmActionDialog } from '../VmActionDialog.tsx';
import { cloneBody, type CloneAnswers } from './clone-body.ts';
import { useCloneText } from './words.ts';

export function CloneDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useCloneText();
  const sources = useSources(vm);
  const [chosen, choose] = useState<Partial<CloneAnswers>>({});
  const answers: CloneAnswers = {
    name: '',
    folder: vm.folder,
    kind: 'full',
    snapshot: sources.whyNotPresent === undefined ? '' : (sources.snapshots.at(-1)?.id ?? ''),
    path: '',
    generalised: false,
    quiesce: false,
    ...chosen,
  };
  const canQuiesce = vm.state === 'running' && doAdditionsAnswer(vm.status.additions.state);
  const change = (part: Partial<CloneAnswers>): void => choose({ ...chosen, ...part });
  const settled = useSettled(cloneBody(answers));
  const params = { vm: vm.id };
  return (
    <VmActionDialog
      vm={vm}
      action="clone"
      canSend={answers.name !== ''}
      begin={() => client.call('vm.clone', { params, body: cloneBody(answers) })}
      onClose={onClose}
    >
      <NameField id="clone-name" value={answers.name} onValue={(name) => change({ name })} />
      <SourceFields sources={sources} answers={answers} change={change} />
      <PlaceFields vm={vm} answers={answers} change={change} />
      {canQuiesce && answers.snapshot === '' && (
        <Checkbox
          id="clone-quiesce"
          label={text('quiesce')}
          isChecked={answers.quiesce}
          onChange={(_event, quiesce) => change({ quiesce })}
        />
      )}
      <Checkbox
        id="clone-generalised"
        label={text('generalised')}
        isChecked={answers.generalised}
        onChange={(_event, generalised) => change({ generalised })}
      />
      <Foreseen
        planKey={['vm.clone', vm.id, settled]}
        enabled={settled.name !== ''}
        title={text('warnings')}
        plan={(signal) => client.dryRun('vm.clone', { params, body: settled }, signal)}
      />
    </VmActionDialog>
  );
}

interface Sources {
  readonly snapshots: readonly Snapshot[];
  /** Undefined where the vm can be copied as it is now. */
  readonly whyNotPresent: string | undefined;
}

/** What a vm can be copied from. */
function useSources(vm: Vm): Sources {
  const { client } = useConsole();
  const words = useWords();
  const actions = useVmActions(vm.id, true).data?.actions ?? [];
  const { data } = useQuery({
    queryKey: ['vm.snapshot.list', vm.id],
    queryFn: ({ signal }) => client.call('vm.snapshot.list', { params: { vm: vm.id } }, signal),
  });
  return {
    snapshots: data?.items ?? [],
    whyNotPresent: words.whyNot(actions.find(({ action }) => action === 'clone')),
  };
}

interface Fields {
  readonly answers: CloneAnswers;
  readonly change: (part: Partial<CloneAnswers>) => void;
}

/** Like what, and of which kind. */
function SourceFields({
  sources: { snapshots, whyNotPresent },
  answers,
  change,
}: Fields & { readonly sources: Sources }): ReactNode {
  const words = useWords();
  const text = useCloneText();
  return (
    <>
      <FormGroup label={text('source')} fieldId="clone-source">
        <FormSelect
          id="clone-source"
          value={answers.snapshot}
          aria-describedby="clone-source-hint"
          onChange={(_event, snapshot) => change({ snapshot })}
        >
          <FormSelectOption
            value=""
            label={text('present')}
            isDisabled={whyNotPresent !== undefined}
          />
          {snapshots.map(({ id, name, takenAt }) => (
            <FormSelectOption
              key={id}
              value={id}
              label={text('snapshot', { name, time: words.time(takenAt) })}
            />
          ))}
        </FormSelect>
        <Hint id="clone-source-hint">{whyNotPresent}</Hint>
      </FormGroup>
      <FormGroup role="radiogroup" label={text('kind')} isStack>
        {(['full', 'linked'] as const).map((kind) => (
          <Radio
            key={kind}
            id={`clone-${kind}`}
            name="clone-kind"
            label={text(kind)}
            isChecked={answers.kind === kind}
            onChange={() => change({ kind })}
          />
        ))}
      </FormGroup>
    </>
  );
}

/** Where it is filed, and where its files are. */
function PlaceFields({ vm, answers, change }: Fields & { readonly vm: Vm }): ReactNode {
  const text = useCloneText();
  return (
    <>
      <FolderField
        id="clone-folder"
        value={answers.folder}
        onValue={(folder) => change({ folder })}
      />
      <FormGroup label={text('path')} fieldId="clone-path">
        <TextInput
          id="clone-path"
          autoComplete="off"
          placeholder={text('usualPath')}
          value={answers.path}
          aria-describedby="clone-path-hint"
          onChange={(_event, path) => change({ path })}
        />
        <Hint id="clone-path-hint">{text('sameHost', { host: vm.host })}</Hint>
      </FormGroup>
    </>
  );
}
