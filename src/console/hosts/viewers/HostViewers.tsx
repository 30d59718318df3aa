/** Native viewers of a host: where they connect, how they sign in, what they are shown, and what deserves a warning. */
import { Content, Flex, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Host, HostPatch, ViewerCertificate } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { Answer } from '../../parts/Answer.tsx';
import { FactList } from '../../parts/FactList.tsx';
import { PatchDialog } from '../../vm/settings/PatchDialog.tsx';
import { nameValue } from '../../vm/words/setting-words.ts';
import { viewerSchema } from './schema.ts';
import { SupplyCertificate } from './SupplyCertificate.tsx';
import { useViewerText } from './words.ts';
import { Alert } from '../../parts/Alert.tsx';

export function HostViewers({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useViewerText();
  const { whyNot } = useRights({ host: host.id });
  const [open, setOpen] = useState(false);
  const { viewers, settings } = host;
  const { state, reason, address, ports, tls } = viewers;
  const isOn = settings.viewers.enabled && state !== 'unsupported';
  const send = async (patch: Readonly<Record<string, unknown>>): Promise<void> => {
    const body: HostPatch = { settings: patch };
    await client.call('host.update', { params: { host: host.id }, body });
  };
  return (
    <PageSection isFilled>
      <Stack hasGutter>
        <Content component="p">{text('intro')}</Content>
        {isOn && tls === 'optional' && (
          <Alert variant="warning" isInline component="p" title={text('unencrypted')} />
        )}
        <StackItem>
          <FactList
            facts={[
              [
                words.text('state'),
                `${text(`state.${state}`)}${reason === null ? '' : ` – ${words.told(reason)}`}`,
              ],
              [words.text('address'), address ?? words.text('notAvailable')],
              [words.text('viewerPorts'), ports],
              ['TLS', text(`tls.${tls}`)],
              [text('signIn'), nameValue(words, 'viewers/signIn', settings.viewers.signIn)],
            ]}
          />
        </StackItem>
        {state !== 'unsupported' && (
          <StackItem>
            <JudgedButton
              whyNot={whyNot('host.update')}
              variant="secondary"
              onClick={() => setOpen(true)}
            >
              {words.text('change')}
            </JudgedButton>
          </StackItem>
        )}
        {isOn && <Certificate host={host} />}
      </Stack>
      {open && (
        <PatchDialog
          title={text('change', { name: host.name })}
          verb={words.text('save')}
          schema={viewerSchema}
          value={{ viewers: settings.viewers }}
          send={send}
          onClose={() => setOpen(false)}
        />
      )}
    </PageSection>
  );
}

function Certificate({ host }: { readonly host: Host }): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useViewerText();
  const queries = useQueryClient();
  const { whyNot } = useRights({ host: host.id });
  const [open, setOpen] = useState(false);
  const params = { host: host.id };
  const queryKey = ['host.viewer-certificate.show', host.id];
  const question = useQuery({
    queryKey,
    queryFn: ({ signal }) => client.call('host.viewer-certificate.show', { params }, signal),
    refetchOnMount: 'always',
  });
  const take = (shown: ViewerCertificate): void => void queries.setQueryData(queryKey, shown);
  const generate = async (): Promise<void> => {
    try {
      take(await client.call('host.viewer-certificate.generate', { params }));
    } catch (error) {
      notices.fail(text('generate'), error);
    }
  };
  return (
    <Stack hasGutter component="section" aria-label={text('certificate')}>
      <Content component="h2">{text('certificate')}</Content>
      <Answer question={question}>
        {({ issuedBy, names, fingerprint, expiresAt, warning }) => (
          <>
            {warning !== null && (
              <Alert
                variant="warning"
                isInline
                component="p"
                title={text('certificateWarning', { warning })}
              />
            )}
            <FactList
              facts={[
                [text('certificate'), text(`issuedBy.${issuedBy}`)],
                [text('names'), names],
                [text('fingerprint'), fingerprint],
                [words.text('expires'), words.time(expiresAt)],
              ]}
            />
          </>
        )}
      </Answer>
      <Flex>
        <JudgedButton
          whyNot={whyNot('host.viewer-certificate.set')}
          variant="secondary"
          onClick={() => setOpen(true)}
        >
          {text('supply')}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('host.viewer-certificate.generate')}
          variant="secondary"
          onClick={() => void generate()}
        >
          {text('generate')}
        </JudgedButton>
      </Flex>
      {open && <SupplyCertificate host={host} onTaken={take} onClose={() => setOpen(false)} />}
    </Stack>
  );
}
