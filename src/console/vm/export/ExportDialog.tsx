/** A vm is written for another product: which, where to, and what that cannot run, said before. */
import {
  Checkbox,
  Content,
  ExpandableSection,
  FormGroup,
  FormSelect,
  FormSelectOption,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { ExportTarget, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { Hint } from '../../parts/Hint.tsx';
import { saveContent } from '../../parts/save-content.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { useSettled } from '../../parts/use-settled.ts';
import { TransferFindings } from '../../transfer/TransferFindings.tsx';
import { exportBody, isOneFile, proposedPath, type ExportAnswers } from './export-body.ts';
import { productNames, useExportText } from './export-words.ts';

const first: ExportAnswers = {
  as: 'ovf',
  path: '',
  moveToIde: false,
  discardState: false,
  signWith: '',
};

export function ExportDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const text = useExportText();
  const tellOutcome = useOutcome();
  const [answers, setAnswers] = useState(first);
  const [saves, setSaves] = useState(false);
  const change = (part: Partial<ExportAnswers>): void => setAnswers({ ...answers, ...part });
  const params = { vm: vm.id };
  const body = exportBody(vm, answers);
  const settled = useSettled(body);
  const begin = async (): Promise<void> => {
    const operation = await client.call('vm.hand-out', { params, body });
    tellOutcome({ action: words.operation('vm.hand-out'), name: vm.name }, operation);
    if (!saves || !isOneFile(body)) return;
    const input = { params: { host: vm.hostId }, query: { file: body.path } };
    live.onEnd(operation, ({ state }) => {
      if (state !== 'done') return;
      saveContent(client, 'host.file.content', input).catch((error: unknown) =>
        notices.fail(text('save'), error),
      );
    });
  };
  return (
    <FormDialog
      title={`${words.operation('vm.hand-out')}: ${vm.name}`}
      verb={words.text('export')}
      look="primary"
      size="medium"
      canSend={body.path.startsWith('/')}
      send={begin}
      onClose={onClose}
    >
      <Content component="p">{text('hint')}</Content>
      <FormGroup label={text('product')} fieldId="export-as">
        <FormSelect
          id="export-as"
          value={answers.as}
          onChange={(_event, as) => change({ as: as as ExportTarget, path: '' })}
        >
          <FormSelectOption value="ovf" label={text('anyProduct')} />
          {Object.entries(productNames).map(([as, name]) => (
            <FormSelectOption key={as} value={as} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={text('path')} fieldId="export-path">
        <TextInput
          id="export-path"
          autoComplete="off"
          maxLength={900}
          placeholder={proposedPath(vm, answers.as)}
          value={answers.path}
          aria-describedby="export-path-hint"
          onChange={(_event, path) => change({ path })}
        />
        <Hint id="export-path-hint">
          {answers.as === 'ovf' ? `${text('folderHint')} ${text('fileHint')}` : text('folderHint')}
        </Hint>
      </FormGroup>
      <Checkbox
        id="export-ide"
        label={text('moveToIde')}
        isChecked={answers.moveToIde}
        onChange={(_event, moveToIde) => change({ moveToIde })}
      />
      {vm.state === 'saved' && (
        <Checkbox
          id="export-state"
          label={text('discardState')}
          isChecked={answers.discardState}
          onChange={(_event, discardState) => change({ discardState })}
        />
      )}
      {isOneFile(body) && (
        <Checkbox
          id="export-save"
          label={text('save')}
          isChecked={saves}
          onChange={(_event, isChecked) => setSaves(isChecked)}
        />
      )}
      {answers.as === 'ovf' && (
        <ExpandableSection toggleText={text('signature')}>
          <FormGroup label={text('signWith')} fieldId="export-sign">
            <TextInput
              id="export-sign"
              autoComplete="off"
              maxLength={900}
              value={answers.signWith}
              aria-describedby="export-sign-hint"
              onChange={(_event, signWith) => change({ signWith })}
            />
            <Hint id="export-sign-hint">{text('signHint')}</Hint>
          </FormGroup>
        </ExpandableSection>
      )}
      <TransferFindings
        planKey={['vm.hand-out', vm.id, settled]}
        plan={(signal) => client.dryRun('vm.hand-out', { params, body: settled }, signal)}
      />
    </FormDialog>
  );
}
