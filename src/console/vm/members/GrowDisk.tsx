/** A disk of a vm becomes larger, also while the vm runs: old and new size, and why it becomes no smaller. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { placeName, vmStateFacts, type Disk, type Vm } from '#api';
import { giB } from '#lib';
import { useConsole, useWords } from '../../console.ts';
import { FactList } from '../../parts/FactList.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';
import { useGrowText } from './grow-words.ts';

const sectorBytes = 512;
/** As the contract says. */
const mostBytes = 64 * 1024 ** 4;

export function GrowDisk({
  vm,
  disk,
  onClose,
}: {
  readonly vm: Vm;
  readonly disk: Disk;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useGrowText();
  const tellOutcome = useOutcome();
  const [typed, setTyped] = useState(String(disk.sizeBytes / giB));
  const name = placeName(disk);
  const action = words.operation('vm.disk.resize');
  const sizeBytes = Math.round((Number(typed) * giB) / sectorBytes) * sectorBytes;
  const isSmaller = sizeBytes < disk.sizeBytes;
  const isTooLarge = sizeBytes > mostBytes;
  const isNumber = typed.trim() !== '' && Number.isFinite(sizeBytes);
  const send = async (): Promise<void> => {
    const request = { params: { vm: vm.id, place: name }, body: { sizeBytes } };
    tellOutcome({ action, name }, await client.call('vm.disk.resize', request));
  };
  const why = (): string => {
    if (isNumber && isSmaller) return text('onlyLarger');
    if (isTooLarge) return text('tooLarge', { most: words.bytes(mostBytes) });
    return text(vmStateFacts[vm.state].live ? 'live' : 'cold');
  };
  const isRefused = isNumber && (isSmaller || isTooLarge);
  return (
    <FormDialog
      title={`${action}: ${name}`}
      verb={action}
      look="primary"
      canSend={isNumber && !isTooLarge && sizeBytes > disk.sizeBytes}
      send={send}
      onClose={onClose}
    >
      <FactList
        facts={[
          [text('before'), words.bytes(disk.sizeBytes)],
          [text('after'), isNumber && !isRefused ? words.bytes(sizeBytes) : '–'],
        ]}
      />
      <FormGroup label={text('size')} fieldId="grow-size" isRequired>
        <TextInput
          id="grow-size"
          type="number"
          min={disk.sizeBytes / giB}
          step="any"
          isRequired
          autoFocus
          validated={isRefused ? 'error' : 'default'}
          aria-describedby="grow-why"
          value={typed}
          onChange={(_event, to) => setTyped(to)}
        />
        <FormHelperText>
          <HelperText id="grow-why" isLiveRegion>
            <HelperTextItem variant={isRefused ? 'error' : 'default'}>{why()}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
