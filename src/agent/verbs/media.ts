/** What drives of machines of this host can be given, and what those that have a process have in them. */
import type { LinkResult } from '#api';
import { resolveFile } from '../drivers/qemu/places.ts';
import { isLive } from '../host/admission.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { MachineFile } from '../machine/record.ts';

type Inserted = LinkResult<'host.media'>['inserted'];

export function mediaVerbs(host: Host): Pick<Handlers, 'host.media' | 'host.import-sources'> {
  return {
    async 'host.media'(_, { signal }) {
      const inserted = host.files().filter(isLive).flatMap(insertedIn);
      // A host without files has none.
      const found = await host.driver.storage.media?.(signal);
      return { files: [], drives: [], complete: true, ...found, inserted };
    },
    async 'host.import-sources'(_, { signal }) {
      return (await host.driver.storage.importSources?.(signal)) ?? { sources: [], complete: true };
    },
  };
}

/** A CD is only read. */
function insertedIn({ definition, startedWith, folder }: MachineFile): Inserted {
  const { id, hardware } = startedWith ?? definition;
  const { opticalDrives, floppy } = hardware;
  const drives = [
    ...opticalDrives.map(({ medium }) => ({ medium, writes: false })),
    { medium: floppy?.medium ?? null, writes: floppy?.readOnly === false },
  ];
  return drives.flatMap(({ medium, writes }) => {
    if (medium?.kind === 'device') return [{ vmId: id, path: medium.device, writes }];
    return medium?.kind === 'file'
      ? [{ vmId: id, path: resolveFile(folder, medium.file), writes }]
      : [];
  });
}
