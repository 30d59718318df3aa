/** A vm of another product is taken over: from where its files are, and what becomes of them, said before. */
import {
  Checkbox,
  Content,
  ExpandableSection,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, ImportedAdapter } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { Sending } from '../../hosts/disks/Sending.tsx';
import { useSender } from '../../hosts/disks/use-upload.ts';
import { useList } from '../../parts/ask.ts';
import { FolderField } from '../../parts/FolderField.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { Hint } from '../../parts/Hint.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';
import { useSettled } from '../../parts/use-settled.ts';
import { FoundSources } from './FoundSources.tsx';
import { ImportNetworks } from './ImportNetworks.tsx';
import { useTransferPlan } from '../../transfer/use-transfer-plan.ts';
import { useImportPlan } from './use-import-plan.ts';
import {
  firstChoices,
  importBody,
  importChoices,
  isArchiveName,
  type ImportAnswers,
  type ImportChoices,
} from './import-body.ts';
import { useImportText } from './import-words.ts';
import { ImportFindings } from './ImportFindings.tsx';

const first: ImportAnswers = {
  from: 'host',
  host: '',
  path: '',
  name: '',
  folder: '/',
  networks: [],
  choices: firstChoices,
  start: false,
};

export function ImportVm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useImportText();
  const tellOutcome = useOutcome();
  const sender = useSender();
  const hosts = useList('host.list', { sort: 'name', limit: 1000, filter: 'status = ready' });
  const known = hosts.data?.items ?? [];
  const [given, setGiven] = useState(first);
  const [sent, setSent] = useState<File | undefined>(undefined);
  const answers = { ...given, host: given.host || (known[0]?.id ?? '') };
  const change = (part: Partial<ImportAnswers>): void => setGiven({ ...given, ...part });
  const path = answers.path.trim();
  const settled = useSettled(importBody(answers, path));
  const isFromHere = answers.from === 'here';
  const file = isFromHere ? (sent?.name ?? '') : path;
  const isReady = isFromHere
    ? sent !== undefined && isArchiveName(sent.name)
    : path.startsWith('/');
  const isAsked = isReady && !isFromHere && settled.file.startsWith('/');
  const asked = useImportPlan(settled);
  const { data } = useTransferPlan(asked, isAsked);
  // What was read of another file is not of this one.
  const plan = isAsked && settled.file === path ? data : undefined;
  const begin = async (): Promise<void> => {
    const { host } = answers;
    const operation =
      isFromHere && sent !== undefined
        ? await sender.send({ host, file: sent, path: sent.name, packing: 'none' }, (archive) =>
            client.call('vm.import', {
              body: { ...importBody(answers, archive.file), ...archive },
            }),
          )
        : await client.call('vm.import', { body: importBody(answers, path) });
    const { target } = operation;
    const name = target.kind === 'vm' ? target.name : answers.name || fileOf(file);
    tellOutcome({ action: words.operation('vm.import'), name }, operation);
  };
  return (
    <FormDialog
      title={words.text('importVm')}
      verb={text('verb')}
      look="primary"
      size="medium"
      canSend={isReady && answers.host !== ''}
      send={begin}
      onClose={onClose}
    >
      <Content component="p">{text('hint')}</Content>
      <SourceFields hosts={known} answers={answers} change={change} sent={sent} onSent={setSent} />
      {sender.sending !== undefined && <Sending {...sender.sending} />}
      {isReady &&
        (isFromHere ? (
          <Content component="p">{text('archiveHint')}</Content>
        ) : (
          isAsked && <ImportFindings asked={asked} />
        ))}
      <PlaceFields answers={answers} change={change} adapters={plan?.adapters} />
      <Choices choices={answers.choices} onChoices={(choices) => change({ choices })} />
      <Checkbox
        id="import-start"
        label={text('start')}
        isChecked={answers.start}
        onChange={(_event, start) => change({ start })}
      />
    </FormDialog>
  );
}

interface Fields {
  readonly answers: ImportAnswers;
  readonly change: (part: Partial<ImportAnswers>) => void;
}

/** On which host, and what of it or of this computer. */
function SourceFields({
  hosts,
  answers,
  change,
  sent,
  onSent,
}: Fields & {
  readonly hosts: readonly Host[];
  readonly sent: File | undefined;
  readonly onSent: (file: File | undefined) => void;
}): ReactNode {
  const words = useWords();
  const text = useImportText();
  // Networks were named for the adapters of what was there before.
  const takePath = (path: string): void => change({ path, networks: [] });
  const isStrange = sent !== undefined && !isArchiveName(sent.name);
  return (
    <>
      <FormGroup label={words.text('host')} fieldId="import-host">
        <FormSelect
          id="import-host"
          value={answers.host}
          onChange={(_event, host) => change({ host, path: '', networks: [] })}
        >
          {hosts.map(({ id, name }) => (
            <FormSelectOption key={id} value={id} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup role="radiogroup" fieldId="import-from" label={text('source')} isStack>
        {(['host', 'here'] as const).map((from) => (
          <Radio
            key={from}
            id={`import-from-${from}`}
            name="import-from"
            label={text(from === 'host' ? 'onHost' : 'here')}
            isChecked={answers.from === from}
            onChange={() => change({ from, networks: [] })}
          />
        ))}
      </FormGroup>
      {answers.from === 'host' ? (
        <>
          <FoundSources host={answers.host} path={answers.path} onPath={takePath} />
          <FormGroup label={text('path')} fieldId="import-path" isRequired>
            <TextInput
              id="import-path"
              autoComplete="off"
              isRequired
              maxLength={1024}
              value={answers.path}
              aria-describedby="import-path-hint"
              onChange={(_event, path) => takePath(path)}
            />
            <Hint id="import-path-hint">{text('pathHint')}</Hint>
          </FormGroup>
        </>
      ) : (
        <FormGroup label={text('file')} fieldId="import-file" isRequired>
          <input
            id="import-file"
            type="file"
            aria-describedby="import-file-hint"
            onChange={({ currentTarget }) => onSent(currentTarget.files?.[0])}
          />
          <Hint id="import-file-hint">
            {isStrange
              ? text('noArchive', { name: sent.name })
              : `${text('fileHint')}. ${text('kept')}`}
          </Hint>
        </FormGroup>
      )}
    </>
  );
}

/** What it is called here, where it is filed, and what it is plugged into. */
function PlaceFields({
  answers,
  change,
  adapters,
}: Fields & { readonly adapters: readonly ImportedAdapter[] | undefined }): ReactNode {
  const text = useImportText();
  return (
    <>
      <FormGroup label={text('name')} fieldId="import-name">
        <TextInput
          id="import-name"
          autoComplete="off"
          maxLength={100}
          placeholder={text('usualName')}
          value={answers.name}
          onChange={(_event, name) => change({ name })}
        />
      </FormGroup>
      <FolderField
        id="import-folder"
        value={answers.folder}
        onValue={(folder) => change({ folder })}
      />
      <ImportNetworks
        adapters={adapters}
        networks={answers.networks}
        onNetworks={(networks) => change({ networks })}
      />
    </>
  );
}

/** What has more than one right answer; what nobody answers before is in the way where it matters. */
function Choices({
  choices,
  onChoices,
}: {
  readonly choices: ImportChoices;
  readonly onChoices: (choices: ImportChoices) => void;
}): ReactNode {
  const text = useImportText();
  return (
    <ExpandableSection toggleText={text('choices')}>
      {(Object.keys(importChoices) as (keyof ImportChoices)[]).map((key) => (
        <FormGroup key={key} label={text(key)} fieldId={`import-${key}`}>
          <FormSelect
            id={`import-${key}`}
            value={choices[key]}
            onChange={(_event, to) => onChoices({ ...choices, [key]: to })}
          >
            {importChoices[key].map((value) => (
              <FormSelectOption
                key={value}
                value={value}
                label={text(`${key}.${value}` as Parameters<typeof text>[0])}
              />
            ))}
          </FormSelect>
        </FormGroup>
      ))}
    </ExpandableSection>
  );
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
