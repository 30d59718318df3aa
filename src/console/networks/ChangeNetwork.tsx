/** All that can be changed of a network, as a form out of its own schema; only what is new is sent. */
import { Content } from '@patternfly/react-core';
import { useMemo, useState, type ReactNode } from 'react';
import { networkSpecSchema, readFields, type Fields, type Network, type NetworkPatch } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { placeOf, writeAt } from '../vm/settings/place.ts';
import { Setting } from '../vm/settings/Setting.tsx';
import { SettingsFormContext, type SettingsForm } from '../vm/settings/settings-context.ts';
import { useNetworkText } from './words.ts';

/** The type never changes. */
const specSchema = networkSpecSchema.omit({ id: true, type: true });
type Spec = Readonly<Record<string, unknown>>;

export function ChangeNetwork({
  network,
  onClose,
}: {
  readonly network: Network;
  readonly onClose: () => void;
}): ReactNode {
  const { client, queries, notices } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  const fields = useMemo(() => fieldsOf(network.type), [network.type]);
  // As it was when the form was opened: what somebody else saves meanwhile is not overwritten.
  const [before] = useState(network);
  const [value, setValue] = useState<unknown>(before);
  const spec = value as Spec;
  const names = Object.keys(fields).filter(
    (name) => JSON.stringify(spec[name]) !== JSON.stringify((before as unknown as Spec)[name]),
  );
  const problems = new Map(
    Object.keys(fields).flatMap((name) => {
      const shape = specSchema.shape[name as keyof typeof specSchema.shape];
      const { error } = shape.safeParse(spec[name]);
      return (error?.issues ?? []).map(({ path, message }): [string, string] => [
        [name, ...path].join('/'),
        message,
      ]);
    }),
  );
  const form: SettingsForm = {
    value,
    saved: before,
    problems,
    changed: new Set(),
    pending: new Set(),
    lock: () => undefined,
    canResize: () => true,
    set: (steps, to) => setValue((now: unknown) => writeAt(now, steps, to)),
  };
  const send = async (): Promise<void> => {
    const body = Object.fromEntries(names.map((name) => [name, spec[name]])) as NetworkPatch;
    const changed = await client.call('network.update', {
      params: { network: network.id },
      body,
      ifMatch: before.version,
    });
    queries.setQueryData(['network.show', network.id], changed);
    notices.tell(words.text('actionTaken', { action: words.text('change'), name: changed.name }));
  };
  return (
    <FormDialog
      title={`${words.text('change')}: ${network.name}`}
      verb={words.text('save')}
      look="primary"
      size="medium"
      canSend={names.length > 0 && problems.size === 0}
      send={send}
      onClose={onClose}
    >
      {network.adapters > 0 && (
        <Content component="p">{text('stay', { count: words.count(network.adapters) })}</Content>
      )}
      <SettingsFormContext value={form}>
        {Object.entries(fields).map(([name, field]) => (
          <Setting key={name} field={field} place={placeOf(name)} />
        ))}
      </SettingsFormContext>
    </FormDialog>
  );
}

/** Of those of the schema the ones that a network of the type can have. */
function fieldsOf(type: Network['type']): Fields {
  const away: readonly string[] =
    type === 'bridged'
      ? ['ipv4', 'domain', 'reservations', 'forwards']
      : ['adapter', ...(type === 'nat' ? [] : ['forwards'])];
  return Object.fromEntries(
    Object.entries(readFields(specSchema)).filter(([name]) => !away.includes(name)),
  );
}
