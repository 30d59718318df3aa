/** The disks of a vm. */
import { Suspense, useState, type ReactNode } from 'react';
import { diskAttachSchema, placeName, type Disk, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { lazyPart } from '../../parts/lazy-part.ts';
import { saveContent } from '../../parts/save-content.ts';
import { useVmText } from '../words/vm-words.ts';
import { RequestDialog } from '../settings/RequestDialog.tsx';
import { MemberTable } from './MemberTable.tsx';

// Comes when it is asked for.
const GrowDisk = lazyPart(async () => (await import('./GrowDisk.tsx')).GrowDisk);
const LimitDisk = lazyPart(async () => (await import('./LimitDisk.tsx')).LimitDisk);
const MoveDisk = lazyPart(async () => (await import('./MoveDisk.tsx')).MoveDisk);

export function Disks({ vm }: { readonly vm: Vm }): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const [growing, setGrowing] = useState<Disk | undefined>(undefined);
  const [limiting, setLimiting] = useState<Disk | undefined>(undefined);
  const [moving, setMoving] = useState<Disk | undefined>(undefined);
  const params = { vm: vm.id };
  const download = (place: string): void => {
    saveContent(client, 'vm.disk.content', { params: { ...params, place } }).catch(
      (error: unknown) => notices.fail(text('download'), error),
    );
  };
  return (
    <>
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
            deeds: [
              { label: words.operation('vm.disk.resize'), act: () => setGrowing(disk) },
              {
                label: words.operation('vm.disk.change'),
                act: () => setLimiting(disk),
                action: 'configure',
              },
              {
                label: words.operation('vm.disk.relocate'),
                act: () => setMoving(disk),
                action: 'move-disk',
              },
              { label: text('download'), act: () => download(place) },
            ],
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
      {growing !== undefined && (
        <Suspense fallback={null}>
          <GrowDisk vm={vm} disk={growing} onClose={() => setGrowing(undefined)} />
        </Suspense>
      )}
      {limiting !== undefined && (
        <Suspense fallback={null}>
          <LimitDisk vm={vm} disk={limiting} onClose={() => setLimiting(undefined)} />
        </Suspense>
      )}
      {moving !== undefined && (
        <Suspense fallback={null}>
          <MoveDisk vm={vm} disk={moving} onClose={() => setMoving(undefined)} />
        </Suspense>
      )}
    </>
  );
}
