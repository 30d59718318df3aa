/** What is set of a host (folders, limits, what its vms may), and who may do what with it. */
import { Button, Content, Flex, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, HostPatch } from '#api';
import { Grants } from '../../access/Grants.tsx';
import { useConsole, useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { FactList } from '../../parts/FactList.tsx';
import { PatchDialog } from '../../vm/settings/PatchDialog.tsx';
import { nameSetting, nameValue } from '../../vm/words/setting-words.ts';
import { hostFormSchema } from './schema.ts';
import { useHostSettingText, type HostSettingText } from './words.ts';

export function HostSettings({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useHostSettingText();
  const [open, setOpen] = useState(false);
  const value = hostFormSchema.strip().parse(host.settings);
  // What somebody else saves while the form is open is not overwritten.
  const [version, setVersion] = useState(host.version);
  const send = async (settings: NonNullable<HostPatch['settings']>): Promise<void> => {
    const params = { host: host.id };
    await client.call('host.update', { params, body: { settings }, ifMatch: version });
  };
  return (
    <PageSection isFilled>
      <Stack hasGutter>
        <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
          <Content component="h2">{words.text('settings')}</Content>
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
        </Flex>
        <FactList
          facts={Object.entries(value).map(([name, one]) => [
            nameSetting(words, name),
            tellValue(words, text, name, one),
          ])}
          columns={{ xl: '2Col' }}
        />
        <StackItem>
          <Grants
            title={text('access')}
            on={{
              kind: 'host',
              id: host.id,
              covers: ({ objectKind, objectId }) =>
                objectKind === 'installation' || (objectKind === 'host' && objectId === host.id),
            }}
          />
        </StackItem>
      </Stack>
      {open && (
        <PatchDialog
          title={text('change', { name: host.name })}
          verb={words.text('save')}
          schema={hostFormSchema}
          value={value}
          send={send}
          onClose={() => setOpen(false)}
        />
      )}
    </PageSection>
  );
}

function tellValue(
  words: Words,
  text: HostSettingText,
  name: string,
  value: string | number | boolean | null | readonly string[],
): string {
  if (value === null) return text(name === 'maxRunningVms' ? 'unlimited' : 'automatic');
  if (typeof value === 'boolean') return text(value ? 'yes' : 'no');
  if (typeof value === 'number') {
    if (name.endsWith('Bytes')) return words.bytes(value);
    return name.endsWith('Seconds') ? `${words.count(value)} s` : words.count(value);
  }
  if (typeof value === 'string') return nameValue(words, name, value);
  return value.length === 0 ? text('nothing') : value.join(', ');
}
