/** All that can be changed of a thing, as a form out of the schema of its settings; only what is new is sent. */
import { useMemo, useState, type ReactNode } from 'react';
import type { z } from 'zod';
import { readFields } from '#api';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { placeOf, writeAt } from './place.ts';
import { Setting } from './Setting.tsx';
import { SettingsFormContext, type SettingsForm } from './settings-context.ts';

type Values = Readonly<Record<string, unknown>>;

export function PatchDialog({
  title,
  verb,
  schema,
  value,
  send,
  onClose,
  children,
}: {
  readonly title: string;
  readonly verb: string;
  /** An object's; each of its members is a setting. The same as long as the dialog is open. */
  readonly schema: z.ZodObject;
  /** As it is now: of what it is when the form is opened, what somebody else saves meanwhile is not overwritten. */
  readonly value: object;
  /** The members that are new, each whole. */
  readonly send: (patch: Values) => Promise<void>;
  readonly onClose: () => void;
  /** What is to be said before the fields. */
  readonly children?: ReactNode;
}): ReactNode {
  const fields = useMemo(() => readFields(schema), [schema]);
  const [before] = useState(value as Values);
  const [now, setNow] = useState<unknown>(before);
  const values = now as Values;
  const changed = Object.keys(fields).filter(
    (name) => JSON.stringify(values[name]) !== JSON.stringify(before[name]),
  );
  const problems = new Map(
    Object.entries(schema.shape).flatMap(([name, shape]) =>
      ((shape as z.ZodType).safeParse(values[name]).error?.issues ?? []).map(
        ({ path, message }): [string, string] => [[name, ...path].join('/'), message],
      ),
    ),
  );
  const form: SettingsForm = {
    vm: undefined,
    value: now,
    saved: before,
    problems,
    changed: new Set(),
    pending: new Set(),
    lock: () => undefined,
    canResize: () => true,
    set: (steps, to) => setNow((was: unknown) => writeAt(was, steps, to)),
  };
  return (
    <FormDialog
      title={title}
      verb={verb}
      look="primary"
      size="medium"
      canSend={changed.length > 0 && problems.size === 0}
      send={() => send(Object.fromEntries(changed.map((name) => [name, values[name]])))}
      onClose={onClose}
    >
      {children}
      <SettingsFormContext value={form}>
        {Object.entries(fields).map(([name, field]) => (
          <Setting key={name} field={field} place={placeOf(name)} />
        ))}
      </SettingsFormContext>
    </FormDialog>
  );
}
