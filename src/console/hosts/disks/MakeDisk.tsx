/** A new disk file on a host: empty, over a parent, or with the content of another. Where there is room stands first. */
import {
  Checkbox,
  FormGroup,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { diskAllocations, madeFormats, type Host, type HostDisk } from '#api';
import { miB } from '#lib';
import { useWords } from '../../console.ts';
import { FactList } from '../../parts/FactList.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { fileName, folderOf, usualFolder } from './disk-tree.ts';
import { verbWord, type MakingVerb } from './disk-verbs.ts';
import { useDiskText } from './disk-words.ts';
import { SizeField } from './SizeField.tsx';
import { useDiskWork, type DiskRequest } from './use-disk-work.ts';

type Format = (typeof madeFormats)[number];
type Allocation = (typeof diskAllocations)[number];
type ChildFormat = Exclude<Format, 'raw'>;

const isChildFormat = (format: Format): format is ChildFormat => format !== 'raw';
const compressions = ['none', 'zlib', 'zstd'] as const;
const startMiB = 10 * 1024;

interface Answers {
  readonly folder: string;
  readonly name: string;
  readonly format: Format;
  readonly allocation: Allocation;
  readonly compression: (typeof compressions)[number];
  readonly sizeMiB: number;
  /** The vm that has the parent has the child in its place. */
  readonly reattach: boolean;
}

function requestOf(verb: MakingVerb, answers: Answers, source: HostDisk | undefined): DiskRequest {
  const { folder, name, format, allocation, compression, sizeMiB, reattach } = answers;
  const made = `${folder.replace(/\/+$/, '')}/${name}`;
  switch (verb) {
    case 'create': {
      const sizeBytes = Math.round(sizeMiB * miB);
      return { verb, file: made, format, allocation, sizeBytes };
    }
    case 'create-child': {
      const childFormat = isChildFormat(format) ? format : 'qcow2';
      const more = reattach ? { reattach } : {};
      return { verb, file: made, parent: source?.path ?? '', format: childFormat, ...more };
    }
    case 'convert': {
      const more = format === 'qcow2' ? { compression } : {};
      return { verb, file: source?.path ?? '', target: made, format, allocation, ...more };
    }
  }
}

export function MakeDisk({
  host,
  disks,
  verb,
  source: given,
  begun = 'dynamic',
  onClose,
}: {
  readonly host: Host;
  readonly disks: readonly HostDisk[];
  readonly verb: MakingVerb;
  /** The parent, or the disk that is converted; where it is left out the parent is chosen here. */
  readonly source?: HostDisk | undefined;
  /** What is chosen at first. */
  readonly begun?: Allocation;
  readonly onClose: () => void;
}): ReactNode {
  const text = useDiskText();
  const { begin } = useDiskWork(host);
  const parents = disks.filter(({ problem }) => problem === null);
  const [parentPath, setParentPath] = useState<string>();
  const chosen = parents.find(({ path }) => path === parentPath) ?? parents[0];
  const choosesParent = verb === 'create-child' && given === undefined;
  const source = choosesParent ? chosen : given;
  const known = madeFormats.find((format) => format === source?.format && format !== 'raw');
  const [answers, setAnswers] = useState<Answers>(() => ({
    folder: source === undefined ? usualFolder(host) : folderOf(source.path),
    name: '',
    format: known ?? 'qcow2',
    allocation: begun,
    compression: 'none',
    sizeMiB: startMiB,
    reattach: source?.vms.length === 1,
  }));
  const change = (part: Partial<Answers>): void => setAnswers({ ...answers, ...part });
  const { folder, name, format, allocation, sizeMiB } = answers;
  const title = text(verbWord[verb]);
  return (
    <FormDialog
      title={
        given === undefined || source === undefined ? title : `${title}: ${fileName(source.path)}`
      }
      verb={title}
      look="primary"
      size="medium"
      canSend={
        name !== '' &&
        folder.startsWith('/') &&
        sizeMiB > 0 &&
        (verb === 'create' || source !== undefined)
      }
      send={() => begin(title, requestOf(verb, answers, source))}
      onClose={onClose}
    >
      <FreeSpace host={host} />
      {choosesParent && (
        <FormGroup label={text('parent')} fieldId="disk-parent" isRequired>
          <FormSelect
            id="disk-parent"
            value={source?.path ?? ''}
            onChange={(_event, to) => {
              setParentPath(to);
              const { format: of } = parents.find(({ path }) => path === to) ?? {};
              const same = madeFormats.find((one) => one === of && isChildFormat(one));
              change({ folder: folderOf(to), format: same ?? 'qcow2' });
            }}
          >
            {parents.map(({ path }) => (
              <FormSelectOption key={path} value={path} label={path} />
            ))}
          </FormSelect>
        </FormGroup>
      )}
      <FormGroup label={text('folder')} fieldId="disk-folder" isRequired>
        <TextInput
          id="disk-folder"
          list="disk-folders"
          isRequired
          maxLength={1000}
          value={folder}
          onChange={(_event, to) => change({ folder: to })}
        />
        <datalist id="disk-folders">
          {[...new Set(disks.map(({ path }) => folderOf(path)))].map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </FormGroup>
      <FormGroup label={text('name')} fieldId="disk-name" isRequired>
        <TextInput
          id="disk-name"
          autoFocus
          isRequired
          maxLength={200}
          placeholder={`data.${format}`}
          value={name}
          onChange={(_event, to) => change({ name: to })}
        />
      </FormGroup>
      <FormGroup label={text('format')} fieldId="disk-format">
        <FormSelect
          id="disk-format"
          value={format}
          onChange={(_event, to) =>
            change({ format: madeFormats.find((one) => one === to) ?? format })
          }
        >
          {madeFormats
            .filter((one) => verb !== 'create-child' || isChildFormat(one))
            .map((one) => (
              <FormSelectOption key={one} value={one} label={one} />
            ))}
        </FormSelect>
      </FormGroup>
      {verb === 'create-child' ? (
        <>
          {source?.vms.length === 1 && (
            <Checkbox
              id="disk-reattach"
              label={text('reattach', { vm: source.vms[0] ?? '' })}
              description={text('reattachHelp')}
              isChecked={answers.reattach}
              onChange={(_event, reattach) => change({ reattach })}
            />
          )}
          <HelperText>
            <HelperTextItem>
              {text('parentLocked', { parent: fileName(source?.path ?? '') })}
            </HelperTextItem>
          </HelperText>
        </>
      ) : (
        <FormGroup role="radiogroup" label={text('allocation')} isInline>
          {diskAllocations.map((one) => (
            <Radio
              key={one}
              id={`disk-${one}`}
              name="disk-allocation"
              label={text(one)}
              isChecked={allocation === one}
              onChange={() => change({ allocation: one })}
            />
          ))}
        </FormGroup>
      )}
      {verb === 'convert' && format === 'qcow2' && (
        <FormGroup label={text('compression')} fieldId="disk-compression">
          <FormSelect
            id="disk-compression"
            value={answers.compression}
            onChange={(_event, to) =>
              change({ compression: compressions.find((one) => one === to) ?? 'none' })
            }
          >
            {compressions.map((one) => (
              <FormSelectOption
                key={one}
                value={one}
                label={one === 'none' ? text('uncompressed') : one}
              />
            ))}
          </FormSelect>
        </FormGroup>
      )}
      {verb === 'create' && (
        <SizeField sizeMiB={sizeMiB} onSize={(to) => change({ sizeMiB: to })} />
      )}
    </FormDialog>
  );
}

function FreeSpace({ host: { load } }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const volumes = load?.volumes ?? [];
  return (
    <FactList
      facts={volumes.map(({ path, totalBytes, freeBytes }) => [
        path,
        words.text('freeOf', { free: words.bytes(freeBytes), total: words.bytes(totalBytes) }),
      ])}
    />
  );
}
