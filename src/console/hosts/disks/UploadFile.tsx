/** A file of this computer is sent to a host: which, where to, how far it is; and what else is on its way there. */
import { Button, Content, Form, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { fileName, usualFolder } from './disk-tree.ts';
import { disksKey } from './use-disk-work.ts';
import { useUploadText } from './upload-words.ts';
import { useBringing } from './use-bringing.ts';
import { BringButton, BringFields } from './BringFields.tsx';

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
  const [folder, setFolder] = useState(usualFolder(host));
  const bringing = useBringing({ host: host.id, folder, onChange: readAgain });
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="upload-title">
      <ModalHeader labelId="upload-title" title={text('title', { host: host.name })} />
      <ModalBody>
        <Form
          id="upload-form"
          onSubmit={(event) => {
            event.preventDefault();
            bringing.begin();
          }}
        >
          <BringFields
            bringing={bringing}
            host={host.name}
            folder={{ value: folder, onValue: setFolder }}
          />
          <OnTheWay host={host} except={bringing.isSending ? `/${bringing.name}` : undefined} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <BringButton bringing={bringing} form="upload-form" />
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
          {` – ${text('came', { done: words.bytes(receivedBytes), total: sizeBytes === null ? '?' : words.bytes(sizeBytes) })} `}
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
