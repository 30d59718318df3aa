/** A file of this computer is sent to a host: which, where to, how far it is; and what else is on its way there. */
import {
  Alert,
  Button,
  Checkbox,
  Content,
  Form,
  FormGroup,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { unpackedName, type Host, type Packing } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { fileName, usualFolder } from './disk-tree.ts';
import { disksKey } from './use-disk-work.ts';
import { Sending } from './Sending.tsx';
import { useUploadText } from './upload-words.ts';
import { packingOfFile, useUpload } from './use-upload.ts';

interface Chosen {
  readonly file: File;
  readonly packing: Packing;
}

export function UploadFile({
  host,
  onClose,
}: {
  readonly host: Host;
  readonly onClose: () => void;
}): ReactNode {
  const text = useUploadText();
  const queries = useQueryClient();
  const readAgain = (): void => {
    void queries.invalidateQueries({ queryKey: disksKey(host) });
    void queries.invalidateQueries({ queryKey: uploadsKey(host) });
  };
  const { standing, send, stop } = useUpload(readAgain);
  const [chosen, setChosen] = useState<Chosen>();
  const [folder, setFolder] = useState(usualFolder(host));
  const [name, setName] = useState('');
  const [isUnpacked, setIsUnpacked] = useState(true);
  const isSending = standing.kind === 'sending';
  const isReady = chosen !== undefined && name !== '' && folder.startsWith('/');
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return setChosen(undefined);
    const packing = await packingOfFile(file);
    setChosen({ file, packing });
    setName(unpackedName(file.name, isUnpacked ? packing : 'none'));
  };
  const begin = (): void => {
    if (chosen === undefined || !isReady || isSending) return;
    const packing = isUnpacked ? chosen.packing : 'none';
    const path = `${folder.replace(/\/+$/, '')}/${name}`;
    void send({ host: host.id, file: chosen.file, path, packing });
  };
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="upload-title">
      <ModalHeader labelId="upload-title" title={text('title', { host: host.name })} />
      <ModalBody>
        <Form
          id="upload-form"
          onSubmit={(event) => {
            event.preventDefault();
            begin();
          }}
        >
          {standing.kind === 'failed' && <FailureAlert error={standing.failure} />}
          {standing.kind === 'stopped' && (
            <Alert variant="info" isInline component="p" title={text('stopped')} />
          )}
          {standing.kind === 'done' && (
            <Alert
              variant="success"
              isInline
              component="p"
              title={text('done', { name, host: host.name })}
            />
          )}
          <FormGroup label={text('file')} fieldId="upload-file" isRequired>
            <input
              id="upload-file"
              type="file"
              disabled={isSending}
              onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
            />
          </FormGroup>
          {chosen !== undefined && chosen.packing !== 'none' && (
            <FormGroup fieldId="upload-unpack">
              <Checkbox
                id="upload-unpack"
                label={text('unpack', { packing: chosen.packing })}
                description={text('unpackHelp')}
                isChecked={isUnpacked}
                isDisabled={isSending}
                onChange={(_event, isWanted) => {
                  setIsUnpacked(isWanted);
                  setName(unpackedName(chosen.file.name, isWanted ? chosen.packing : 'none'));
                }}
              />
            </FormGroup>
          )}
          {(
            [
              ['folder', folder, setFolder, 800],
              ['name', name, setName, 200],
            ] as const
          ).map(([key, value, onValue, maxLength]) => (
            <FormGroup key={key} label={text(key)} fieldId={`upload-${key}`} isRequired>
              <TextInput
                id={`upload-${key}`}
                isRequired
                isDisabled={isSending}
                maxLength={maxLength}
                value={value}
                onChange={(_event, to) => onValue(to)}
              />
            </FormGroup>
          ))}
          {isSending && <Sending progress={standing.progress} isBroken={standing.isBroken} />}
          <OnTheWay host={host} except={isSending ? `/${name}` : undefined} />
        </Form>
      </ModalBody>
      <ModalFooter>
        {isSending ? (
          // One button that became the other would send the form by the click that stops it.
          <Button key="stop" variant="secondary" onClick={stop}>
            {text('stop')}
          </Button>
        ) : (
          <Button key="send" type="submit" form="upload-form" isDisabled={!isReady}>
            {text(standing.kind === 'stopped' ? 'goOn' : 'upload')}
          </Button>
        )}
        <Button variant="link" onClick={onClose}>
          {text('close')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}

const uploadsKey = (host: Host): readonly string[] => ['host.upload.list', host.id];

/** What somebody has begun and not ended, here or elsewhere. */
function OnTheWay({
  host,
  except,
}: {
  readonly host: Host;
  /** How the path ends of what is being sent now. */
  readonly except: string | undefined;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useUploadText();
  const [failure, setFailure] = useState<unknown>(undefined);
  const params = { host: host.id };
  const question = useQuery({
    queryKey: uploadsKey(host),
    queryFn: ({ signal }) => client.call('host.upload.list', { params }, signal),
    refetchOnMount: 'always',
  });
  const open = (question.data?.items ?? []).filter(
    ({ state, file }) => state === 'open' && (except === undefined || !file.endsWith(except)),
  );
  if (open.length === 0) return null;
  const giveUp = async (upload: string): Promise<void> => {
    try {
      await client.call('host.upload.cancel', { params: { ...params, upload } });
      setFailure(undefined);
    } catch (error) {
      setFailure(error);
    }
    await question.refetch();
  };
  return (
    <section aria-label={text('under')}>
      <Content component="h3">{text('under')}</Content>
      {failure !== undefined && <FailureAlert error={failure} />}
      {open.map(({ id, file, receivedBytes, sizeBytes }) => (
        <Content component="p" key={id}>
          <span className="breakable">{file}</span>
          {` – ${text('came', { done: words.bytes(receivedBytes), total: words.bytes(sizeBytes) })} `}
          <Button
            variant="link"
            isInline
            aria-label={text('giveUpNamed', { name: fileName(file) })}
            onClick={() => void giveUp(id)}
          >
            {text('giveUp')}
          </Button>
        </Content>
      ))}
    </section>
  );
}
