/** Scripts attached to events of a host: which, as whom they run, and how they went the last time. */
import { Content, PageSection, Stack, StackItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useInstallation } from '../../parts/ask.ts';
import { FactList } from '../../parts/FactList.tsx';
import { ScriptRuns } from '../../scripts/ScriptRuns.tsx';
import { ChangeSettings } from '../settings/ChangeSettings.tsx';
import { hostScriptsSchema } from './schema.ts';
import { useHostScriptText } from './words.ts';
import { Alert } from '../../parts/Alert.tsx';

export function HostScripts({ host }: { readonly host: Host }): ReactNode {
  const text = useHostScriptText();
  const { scripts, runAs } = host.settings;
  const { data: installation } = useInstallation({ enabled: scripts.length > 0 });
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
            <ChangeSettings
              host={host}
              title={text('change', { name: host.name })}
              schema={hostScriptsSchema}
              value={{ scripts, runAs }}
            />
          ) : (
            text('noAgent')
          )}
        </StackItem>
        {scripts.length === 0 && host.connection === null && <p>{text('nothing')}</p>}
        <ScriptRuns of="host" id={host.id} scripts={scripts} />
      </Stack>
    </PageSection>
  );
}
