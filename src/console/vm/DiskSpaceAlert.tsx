/** Tells of a vm whose files take up more than its settings allow without a warning. */
import type { ReactNode } from 'react';
import { findExceededDiskSpace, type Vm } from '#api';
import { useWords } from '../console.ts';
import { useVmText } from './words/vm-words.ts';
import { Alert } from '../parts/Alert.tsx';

export function DiskSpaceAlert({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const found = findExceededDiskSpace(vm.definition, vm.status.diskSpaceBytes);
  if (found === undefined) return null;
  const used = words.bytes(found.usedBytes);
  const limit = words.bytes(found.limitBytes);
  return (
    <Alert
      variant="warning"
      isInline
      component="p"
      title={text('diskSpaceExceeded', { used, limit })}
    />
  );
}
