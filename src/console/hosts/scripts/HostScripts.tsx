/** Scripts attached to events of a host: which, as whom they run, and how they went the last time. */
import { Alert, Button, Content, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, HostPatch } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useInstallation } from '../../parts/ask.ts';
import { FactList } from '../../parts/FactList.tsx';
import { ScriptRuns } from '../../scripts/ScriptRuns.tsx';
import { PatchDialog } from '../../vm/settings/PatchDialog.tsx';
import { hostScriptsSchema } from './schema.ts';
import { useHostScriptText } from './words.ts';

export function HostScripts({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useHostScriptText();
  const [open, setOpen] = useState(false);
  const { scripts, runAs } = host.settings;
  // What somebody else saves while the form is open is not overwritten.
  const [version, setVersion] = useState(host.version);
  const { data: installation } = useInstallation({ enabled: scripts.length > 0 });
  const send = async (settings: NonNullable<HostPatch['settings']>): Promise<void> => {
    const params = { host: host.id };
    await client.call('host.update', { params, body: { settings }, ifMatch: version });
  };
  return (
    <PageSection isFilled>
      <Stack hasGutter>
        <Content component="p">{text('intro')}</Content>
        {installation?.settings.eventScripts === false && (
          <Alert variant="warning" isInline component="p" title={text('forbidden')} />
        )}
        <StackItem>
          <FactList facts={[[text('account'), runAs ?? text('ownAccount')]]} />
        </StackItem>
        <StackItem>
          {host.connection === null ? (
            <Button
              variant="secondary"
              aria-label={text('change', { name: host.name })}
              onClick={() => {
                setVersion(host.version);
                setOpen(true);
              }}
            >
              {words.text('change')}
            </Button>
          ) : (
            text('noAgent')
          )}
        </StackItem>
        {scripts.length === 0 && host.connection === null && <p>{text('nothing')}</p>}
        <ScriptRuns of="host" id={host.id} scripts={scripts} />
      </Stack>
      {open && (
        <PatchDialog
          title={text('change', { name: host.name })}
          verb={words.text('save')}
          schema={hostScriptsSchema}
          value={{ scripts, runAs }}
          send={send}
          onClose={() => setOpen(false)}
        />
      )}
    </PageSection>
  );
}
