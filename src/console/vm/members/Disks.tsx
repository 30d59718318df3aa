/** The disks of a vm. */
import type { ReactNode } from 'react';
import { diskAttachSchema, placeName, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { RequestDialog } from '../settings/RequestDialog.tsx';
import { MemberTable } from './MemberTable.tsx';

export function Disks({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const params = { vm: vm.id };
  return (
    <MemberTable
      vm={vm}
      path="hardware/disks"
      action="change-disks"
      heading="above"
      columns={['place', 'file', 'sizeBytes', 'format']}
      members={vm.definition.hardware.disks.map((disk) => {
        const place = placeName(disk);
        return {
          key: place,
          name: place,
          facts: [place, disk.file, words.bytes(disk.sizeBytes), disk.format],
          remove: () => client.call('vm.disk.detach', { params: { ...params, place } }),
        };
      })}
      dialog={(title, onClose) => (
        <RequestDialog
          title={title}
          name="disk"
          schema={diskAttachSchema}
          onClose={onClose}
          onSend={(body) => client.call('vm.disk.attach', { params, body })}
        />
      )}
    />
  );
}
