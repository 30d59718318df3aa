/** The certificates of the site: which there are, another one that is uploaded, a new one that is generated. */
import { Content, Flex, FormGroup, Label, PageSection, TextArea } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Certificate, CallOutput } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { Answer } from '../parts/Answer.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { useSiteText } from './words.ts';

const certificatesKey = ['certificate.list'] as const;
const maxPemLength = 65_536;
type Certificates = CallOutput<'certificate.list'>;

export function Certificates(): ReactNode {
  const { client, queries, notices } = useConsole();
  const text = useSiteText();
  const { whyNot } = useRights();
  const [asked, setAsked] = useState<'upload' | 'generate'>();
  const question = useQuery({
    queryKey: certificatesKey,
    queryFn: ({ signal }) => client.call('certificate.list', {}, signal),
  });
  const show = (certificates: Certificates, what: 'taken' | 'generated'): void => {
    queries.setQueryData(certificatesKey, certificates);
    notices.tell(text(what));
  };
  const close = (): void => setAsked(undefined);
  return (
    <PageSection>
      <Content component="h2">{text('certificates')}</Content>
      <Content component="p">{text('certificatesExplain')}</Content>
      <Flex columnGap={{ default: 'columnGapSm' }}>
        <JudgedButton
          whyNot={whyNot('certificate.set')}
          variant="secondary"
          onClick={() => setAsked('upload')}
        >
          {text('upload')}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('certificate.generate')}
          variant="secondary"
          onClick={() => setAsked('generate')}
        >
          {text('generate')}
        </JudgedButton>
      </Flex>
      <Answer question={question}>{({ items }) => <CertificateTable items={items} />}</Answer>
      {asked === 'upload' && (
        <Upload onDone={(certificates) => show(certificates, 'taken')} onClose={close} />
      )}
      {asked === 'generate' && (
        <FormDialog
          title={text('generate')}
          verb={text('generate')}
          look="primary"
          canSend
          send={async () => show(await client.call('certificate.generate', {}), 'generated')}
          onClose={close}
        >
          <p>{text('generateExplain')}</p>
        </FormDialog>
      )}
    </PageSection>
  );
}

const stateLooks = {
  valid: { key: 'stateValid', status: 'success' },
  'expires-soon': { key: 'stateSoon', status: 'warning' },
  expired: { key: 'stateExpired', status: 'danger' },
} as const;

function CertificateTable({ items }: { readonly items: readonly Certificate[] }): ReactNode {
  const words = useWords();
  const text = useSiteText();
  const columns: readonly PlainColumn<Certificate>[] = [
    [text('use'), ({ what }) => text(what), ({ what }) => what],
    [text('validFor'), ({ name }) => <span className="breakable">{name}</span>, ({ name }) => name],
    [
      text('issuer'),
      ({ issuedBy }) => text(issuedBy === 'gantry' ? 'ofGantry' : 'ofUser'),
      ({ issuedBy }) => issuedBy,
    ],
    [
      text('expires'),
      ({ expiresAt, state }) => (
        <>
          {words.time(expiresAt)}{' '}
          <Label isCompact status={stateLooks[state].status}>
            {text(stateLooks[state].key)}
          </Label>
        </>
      ),
      ({ expiresAt }) => expiresAt,
    ],
    [
      text('renewed'),
      ({ renewed }) => text(renewed === 'automatically' ? 'byItself' : 'byHand'),
      ({ renewed }) => renewed,
    ],
    [
      text('fingerprint'),
      ({ fingerprint }) => <code className="breakable">{fingerprint}</code>,
      ({ fingerprint }) => fingerprint,
    ],
  ];
  return (
    <PlainTable
      label={text('certificates')}
      columns={columns}
      rows={items}
      keyOf={({ what, fingerprint }) => `${what} ${fingerprint}`}
      savedAs={{ fileName: 'certificates', items }}
    />
  );
}

function Upload({
  onDone,
  onClose,
}: {
  readonly onDone: (certificates: Certificates) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useSiteText();
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  return (
    <FormDialog
      title={`${text('upload')}: ${text('certificates')}`}
      verb={text('upload')}
      look="primary"
      size="medium"
      canSend={chain.trim() !== '' && key.trim() !== ''}
      send={async () => onDone(await client.call('certificate.set', { body: { chain, key } }))}
      onClose={onClose}
    >
      <PemField id="certificate-chain" label={text('chain')} value={chain} onValue={setChain} />
      <PemField id="certificate-key" label={text('key')} value={key} onValue={setKey} />
    </FormDialog>
  );
}

function PemField({
  id,
  label,
  value,
  onValue,
}: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}): ReactNode {
  const text = useSiteText();
  return (
    <FormGroup label={label} fieldId={id} isRequired>
      <TextArea
        id={id}
        value={value}
        isRequired
        rows={4}
        maxLength={maxPemLength}
        spellCheck={false}
        resizeOrientation="vertical"
        onChange={(_event, typed) => onValue(typed)}
      />
      <label>
        {text('chooseFile')}{' '}
        <input
          type="file"
          accept=".pem,.crt,.cer,.key"
          onChange={({ target: { files } }) => {
            const [file] = files ?? [];
            // What is larger is no certificate, and is not read.
            if (file !== undefined && file.size <= maxPemLength) void file.text().then(onValue);
          }}
        />
      </label>
    </FormGroup>
  );
}
