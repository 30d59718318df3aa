/** All that can be set for the whole installation; only what is new is sent. */
import { useState, type ReactNode } from 'react';
import { installationSettingsSchema, type Installation, type InstallationPatch } from '#api';
import { useConsole, useWords } from '../console.ts';
import { PatchDialog } from '../vm/settings/PatchDialog.tsx';
import { takeChange } from './take-change.ts';
import { useSiteText } from './words.ts';

export function ChangeSite({
  installation,
  onClose,
}: {
  readonly installation: Installation;
  readonly onClose: () => void;
}): ReactNode {
  const { client, queries, notices } = useConsole();
  const words = useWords();
  const text = useSiteText();
  // What somebody else saves while the form is open is not overwritten.
  const [{ version }] = useState(installation);
  const send = async (body: InstallationPatch): Promise<void> => {
    const changed = await client.call('installation.update', { body, ifMatch: version });
    takeChange({ queries }, changed);
    notices.tell(words.text('actionTaken', { action: words.text('change'), name: text('title') }));
  };
  return (
    <PatchDialog
      title={`${words.text('change')}: ${text('title')}`}
      verb={words.text('save')}
      schema={installationSettingsSchema}
      value={installation.settings}
      send={send}
      onClose={onClose}
    />
  );
}
