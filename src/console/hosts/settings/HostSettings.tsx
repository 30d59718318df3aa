/** What is set of a host (folders, limits, what its vms may), and who may do what with it. */
import { Content, Flex, PageSection, Stack, StackItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { Grants } from '../../access/Grants.tsx';
import { useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { FactList } from '../../parts/FactList.tsx';
import { nameSetting, nameValue } from '../../vm/words/setting-words.ts';
import { ChangeSettings } from './ChangeSettings.tsx';
import { hostFormSchema } from './schema.ts';
import { useHostSettingText, type HostSettingText } from './words.ts';

export function HostSettings({ host }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const text = useHostSettingText();
  const value = hostFormSchema.strip().parse(host.settings);
  return (
    <PageSection isFilled>
      <Stack hasGutter>
        <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
          <Content component="h2">{words.text('settings')}</Content>
          <ChangeSettings
            host={host}
            title={text('change', { name: host.name })}
            schema={hostFormSchema}
            value={value}
          />
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
