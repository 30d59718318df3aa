/** A button to a form of some of a host's settings. */
import { useState, type ReactNode } from 'react';
import type { z } from 'zod';
import type { Host, HostPatch } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PatchDialog } from '../../vm/settings/PatchDialog.tsx';

export function ChangeSettings({
  host,
  title,
  schema,
  value,
}: {
  readonly host: Host;
  /** What the button does, in words. */
  readonly title: string;
  /** Of the settings that are changed here. */
  readonly schema: z.ZodObject;
  /** As they are now. */
  readonly value: NonNullable<HostPatch['settings']>;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const { whyNot } = useRights({ host: host.id });
  const [open, setOpen] = useState(false);
  // What somebody else saves while the form is open is not overwritten.
  const [version, setVersion] = useState(host.version);
  const send = async (settings: NonNullable<HostPatch['settings']>): Promise<void> => {
    const params = { host: host.id };
    await client.call('host.update', { params, body: { settings }, ifMatch: version });
  };
  return (
    <>
      <JudgedButton
        whyNot={whyNot('host.update')}
        variant="secondary"
        aria-label={title}
        onClick={() => {
          setVersion(host.version);
          setOpen(true);
        }}
      >
        {words.text('change')}
      </JudgedButton>
      {open && (
        <PatchDialog
          title={title}
          verb={words.text('save')}
          schema={schema}
          value={value}
          send={send}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
