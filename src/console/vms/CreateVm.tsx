/** A new vm from a few answers; all else has the API's defaults. What is wrong the server says. */
import {
  Button,
  Checkbox,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { giB, miB } from '#lib';
import type { CallInput, Image } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useList } from '../parts/ask.ts';

type Body = CallInput<'vm.create'>['body'];

interface Answers {
  readonly name: string;
  readonly image: string;
  readonly memoryMiB: string;
  readonly processors: string;
  readonly diskGiB: string;
  readonly start: boolean;
}

const first: Answers = {
  name: '',
  image: '',
  memoryMiB: '512',
  processors: '1',
  diskGiB: '',
  start: true,
};

function bodyOf(answers: Answers, images: readonly Image[]): Body {
  const image = images.find(({ id }) => id === answers.image);
  const size =
    answers.diskGiB === '' ? {} : { sizeBytes: Math.round(Number(answers.diskGiB) * giB) };
  const disk: Body['disk'] =
    image !== undefined
      ? { kind: 'image', image: image.id, ...size }
      : size.sizeBytes === undefined
        ? { kind: 'none' }
        : { kind: 'new', sizeBytes: size.sizeBytes };
  return {
    name: answers.name,
    memoryBytes: Math.round(Number(answers.memoryMiB) * miB),
    processors: Number(answers.processors),
    disk,
    start: answers.start,
    // An image lies on one host, and the vm beside it.
    ...(image === undefined ? {} : { host: image.hostId }),
  };
}

export function CreateVm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const images = useList('image.list', { filter: 'imageKind = disk', sort: 'name', limit: 1000 });
  const [answers, setAnswers] = useState(first);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Answers>): void => setAnswers({ ...answers, ...part });
  const list = images.data?.items ?? [];
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const operation = await client.call('vm.create', { body: bodyOf(answers, list) });
      const values = { action: words.text('create'), name: answers.name };
      live.onEnd(operation, ({ state, fault }) => {
        if (state === 'done') notices.tell(words.text('actionTaken', values));
        else if (fault !== null) notices.fail(words.text('whatGoesWrong', values), fault);
      });
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const field = (key: 'memoryMiB' | 'processors' | 'diskGiB', isRequired: boolean): ReactNode => (
    <FormGroup label={words.text(key)} fieldId={key} isRequired={isRequired}>
      <TextInput
        id={key}
        type="number"
        min={1}
        step="any"
        isRequired={isRequired}
        value={answers[key]}
        onChange={(_event, value) => change({ [key]: value })}
      />
    </FormGroup>
  );
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="create">
      <ModalHeader labelId="create" title={words.text('createVm')} />
      <ModalBody>
        <Form id="create-form" onSubmit={(event) => void submit(event)}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <FormGroup label={words.text('name')} fieldId="vm-name" isRequired>
            <TextInput
              id="vm-name"
              autoFocus
              autoComplete="off"
              isRequired
              value={answers.name}
              onChange={(_event, name) => change({ name })}
            />
          </FormGroup>
          <FormGroup label={words.text('image')} fieldId="image">
            <FormSelect
              id="image"
              value={answers.image}
              onChange={(_event, image) => change({ image })}
            >
              <FormSelectOption value="" label={words.text('noDisk')} />
              {list.map(({ id, name, host }) => (
                <FormSelectOption key={id} value={id} label={`${name} (${host})`} />
              ))}
            </FormSelect>
          </FormGroup>
          {field('memoryMiB', true)}
          {field('processors', true)}
          {field('diskGiB', false)}
          <Checkbox
            id="start"
            label={words.text('startAfterwards')}
            isChecked={answers.start}
            onChange={(_event, start) => change({ start })}
          />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form="create-form"
          isLoading={busy}
          isDisabled={busy || answers.name === ''}
        >
          {words.text('create')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
