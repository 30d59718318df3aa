/** The quota of a folder: which folder, and how much of what. */
import { FormGroup, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Quota, QuotaMeasure } from '#api';
import { giB } from '#lib';
import { useConsole } from '../console.ts';
import { FolderField } from '../parts/FolderField.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useSelfServiceText, type SelfServiceTextKey } from '../self-service/words.ts';

interface Field {
  readonly measure: QuotaMeasure;
  readonly label: SelfServiceTextKey;
  /** Of what is typed. */
  readonly unit: number;
}

const fields: readonly Field[] = [
  { measure: 'vms', label: 'vms', unit: 1 },
  { measure: 'processors', label: 'processors', unit: 1 },
  { measure: 'memoryBytes', label: 'memoryGiB', unit: giB },
  { measure: 'diskBytes', label: 'diskGiB', unit: giB },
];

type Typed = Readonly<Record<QuotaMeasure, string>>;

/** Empty: no limit. */
function readLimit(typed: string, unit: number): number | null {
  return typed.trim() === '' ? null : Math.round(Number(typed) * unit);
}

export function SetQuota({
  quota,
  onSet,
  onClose,
}: {
  /** The one that is changed; absent: another folder gets one. */
  readonly quota: Quota | undefined;
  readonly onSet: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useSelfServiceText();
  const [folder, setFolder] = useState(quota?.folder ?? '/');
  const [typed, type] = useState(
    () =>
      Object.fromEntries(
        fields.map(({ measure, unit }) => {
          const limit = quota?.limits[measure] ?? null;
          return [measure, limit === null ? '' : String(limit / unit)];
        }),
      ) as unknown as Typed,
  );
  const limits = fields.map(
    ({ measure, unit }) => [measure, readLimit(typed[measure], unit)] as const,
  );
  const send = async (): Promise<void> => {
    await client.call('quota.set', { params: { folder }, body: Object.fromEntries(limits) });
    await onSet();
  };
  return (
    <FormDialog
      title={quota === undefined ? text('set') : text('ofFolder', { folder })}
      verb={text('set')}
      look="primary"
      canSend={limits.some(([, limit]) => limit !== null)}
      send={send}
      onClose={onClose}
    >
      <p>{text('limit')}</p>
      {quota === undefined && <FolderField id="quota-folder" value={folder} onValue={setFolder} />}
      {fields.map(({ measure, label }) => (
        <FormGroup key={measure} label={text(label)} fieldId={`quota-${measure}`}>
          <TextInput
            id={`quota-${measure}`}
            type="number"
            min={0}
            step={measure.endsWith('Bytes') ? 'any' : 1}
            value={typed[measure]}
            onChange={(_event, to) => type({ ...typed, [measure]: to })}
          />
        </FormGroup>
      ))}
    </FormDialog>
  );
}
