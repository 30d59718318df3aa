/** A request about a vm that is more than a setting, as a form out of the request's own schema. */
import { Button, Form, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMemo, useState, type ReactNode } from 'react';
import { z } from 'zod';
import { assert } from '#lib';
import { readFields, type Operation } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { firstValue } from './fields.ts';
import { placeOf, writeAt } from './place.ts';
import { Setting, SettingList } from './Setting.tsx';
import { SettingsFormContext, type SettingsForm } from './settings-context.ts';
import { Dialog } from '../../parts/Dialog.tsx';

export function RequestDialog<S extends z.ZodType>({
  title,
  schema,
  name,
  onSend,
  onClose,
}: {
  readonly title: string;
  readonly schema: S;
  /** What the form is about, as `nameSetting` knows it. */
  readonly name: string;
  readonly onSend: (body: z.input<S>) => Promise<Operation>;
  readonly onClose: () => void;
}): ReactNode {
  const { live, notices } = useConsole();
  const words = useWords();
  const field = useMemo(() => readFields(z.strictObject({ [name]: schema }))[name], [schema, name]);
  assert(field !== undefined, 'the form has a field');
  const [value, setValue] = useState<unknown>(() => ({ [name]: firstValue(field) }));
  const [failure, setFailure] = useState<unknown>(undefined);
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const [busy, setBusy] = useState(false);
  const form: SettingsForm = {
    vm: undefined,
    value,
    saved: undefined,
    problems,
    changed: new Set(),
    pending: new Set(),
    lock: () => undefined,
    canResize: () => true,
    set: (steps, to) => setValue((now: unknown) => writeAt(now, steps, to)),
  };
  const send = async (): Promise<void> => {
    const parsed = schema.safeParse(withoutNull((value as Record<string, unknown>)[name]));
    if (!parsed.success) {
      setProblems(
        new Map(
          parsed.error.issues.map(({ path, message }) => [[name, ...path].join('/'), message]),
        ),
      );
      return;
    }
    setProblems(new Map());
    setBusy(true);
    try {
      live.onEnd(await onSend(parsed.data as z.input<S>), (ended) =>
        notices.conclude({ done: title, failed: title }, ended),
      );
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="request">
      <ModalHeader labelId="request" title={title} />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        <SettingsFormContext value={form}>
          <Form
            id="request-form"
            onSubmit={(event) => {
              event.preventDefault();
              void send();
            }}
          >
            {field.kind === 'group' ? (
              <SettingList fields={field.fields} place={placeOf(name)} />
            ) : (
              <Setting field={field} place={placeOf(name)} />
            )}
          </Form>
        </SettingsFormContext>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="request-form" isLoading={busy} isDisabled={busy}>
          {title}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}

/** What was left empty is left out. */
function withoutNull(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNull(inner)]),
  );
}
