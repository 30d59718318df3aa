/** What the wizard asks: from what, how large, and which name. Each step takes the focus where it begins. */
import {
  Checkbox,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { FolderField } from '../parts/FolderField.tsx';
import { NameField } from '../parts/NameField.tsx';
import { useVmText } from '../vm/words/vm-words.ts';
import {
  defaultDiskGiB,
  diskChoices,
  isSourceReady,
  sizes,
  type Answers,
  type Choices,
  type DiskChoice,
  type Size,
} from './create-body.ts';
import { Hint, StepForm } from './StepForm.tsx';

export interface StepProps {
  readonly answers: Answers;
  readonly choices: Choices;
  readonly change: (part: Partial<Answers>) => void;
}

export function SourceStep({ answers, choices: { images }, change }: StepProps): ReactNode {
  const words = useWords();
  const text = useVmText();
  const labels: Readonly<Record<DiskChoice, string>> = {
    image: text('startsWith'),
    new: text('newDisk'),
    existing: text('existingDisk'),
    none: words.text('noDisk'),
  };
  return (
    <StepForm canGoOn={isSourceReady(answers)}>
      <FormGroup role="radiogroup" fieldId="source" label={words.text('disk')} isStack>
        {diskChoices.map((disk) => (
          <Radio
            key={disk}
            id={`source-${disk}`}
            name="source"
            label={labels[disk]}
            isDisabled={disk === 'image' && images.length === 0}
            description={disk === 'image' && images.length === 0 ? text('noImageYet') : undefined}
            autoFocus={answers.disk === disk}
            isChecked={answers.disk === disk}
            onChange={() => change({ disk })}
          />
        ))}
      </FormGroup>
      {answers.disk === 'image' && (
        <FormGroup label={text('chooseImage')} fieldId="image" isRequired>
          <FormSelect
            id="image"
            value={answers.image}
            onChange={(_event, image) => change({ image })}
          >
            {images.map(({ id, name, host, sizeBytes }) => (
              <FormSelectOption
                key={id}
                value={id}
                label={`${name} (${words.bytes(sizeBytes)}, ${host})`}
              />
            ))}
          </FormSelect>
        </FormGroup>
      )}
      {(answers.disk === 'image' || answers.disk === 'new') && (
        <FormGroup label={`${words.text('size')} (GiB)`} fieldId="diskGiB">
          <TextInput
            id="diskGiB"
            type="number"
            min={1}
            step="any"
            value={answers.diskGiB}
            placeholder={answers.disk === 'new' ? String(defaultDiskGiB) : ''}
            onChange={(_event, diskGiB) => change({ diskGiB })}
          />
          {answers.disk === 'image' && <Hint>{text('asLargeAsImage')}</Hint>}
        </FormGroup>
      )}
      {answers.disk === 'existing' && (
        <FormGroup label={text('chooseFile')} fieldId="disk-file" isRequired>
          <TextInput
            id="disk-file"
            isRequired
            value={answers.file}
            onChange={(_event, file) => change({ file })}
          />
        </FormGroup>
      )}
      {(answers.disk === 'existing' || answers.disk === 'new') && (
        <FormGroup label={text('format')} fieldId="disk-format">
          <FormSelect
            id="disk-format"
            value={answers.format}
            onChange={(_event, to) => change({ format: to === 'raw' ? 'raw' : 'qcow2' })}
          >
            <FormSelectOption value="qcow2" label="qcow2" />
            <FormSelectOption value="raw" label="raw" />
          </FormSelect>
        </FormGroup>
      )}
    </StepForm>
  );
}

export function SizeStep({ answers, change }: StepProps): ReactNode {
  const words = useWords();
  const text = useVmText();
  const labels: Readonly<Record<Size, string>> = {
    small: text('size1'),
    medium: text('size2'),
    large: text('size3'),
  };
  const isChosen = (size: Size): boolean =>
    answers.processors === String(sizes[size].processors) &&
    answers.memoryMiB === String(sizes[size].memoryMiB);
  return (
    <StepForm>
      <FormGroup role="radiogroup" fieldId="size" label={text('sizeStep')} isStack>
        {(Object.keys(sizes) as Size[]).map((size) => (
          <Radio
            key={size}
            id={`size-${size}`}
            name="size"
            label={labels[size]}
            autoFocus={isChosen(size)}
            isChecked={isChosen(size)}
            onChange={() =>
              change({
                processors: String(sizes[size].processors),
                memoryMiB: String(sizes[size].memoryMiB),
              })
            }
          />
        ))}
      </FormGroup>
      <FormGroup label={words.text('processors')} fieldId="processors" isRequired>
        <TextInput
          id="processors"
          type="number"
          min={1}
          value={answers.processors}
          onChange={(_event, processors) => change({ processors })}
        />
      </FormGroup>
      <FormGroup label={words.text('memoryMiB')} fieldId="memoryMiB" isRequired>
        <TextInput
          id="memoryMiB"
          type="number"
          min={4}
          value={answers.memoryMiB}
          onChange={(_event, memoryMiB) => change({ memoryMiB })}
        />
      </FormGroup>
    </StepForm>
  );
}

export function NameStep({
  answers,
  change,
  onSubmit,
}: StepProps & { readonly onSubmit: () => void }): ReactNode {
  const words = useWords();
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        if (answers.name !== '') onSubmit();
      }}
    >
      <NameField id="vm-name" value={answers.name} onValue={(name) => change({ name })} />
      <FolderField
        id="create-folder"
        value={answers.folder}
        onValue={(folder) => change({ folder })}
      />
      <Checkbox
        id="start"
        label={words.text('startAfterwards')}
        isChecked={answers.start}
        onChange={(_event, start) => change({ start })}
      />
    </Form>
  );
}
