/** Work on a disk file of a host: begun, followed to its end, and told. */
import { useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import type { diskWorkSchema, Host, Operation } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { fileName } from './disk-tree.ts';

export const disksKey = (host: Host): readonly string[] => ['host.disks', host.id];

/** As it is asked for: what has a default may be left out. */
export type DiskRequest = z.input<typeof diskWorkSchema>;

export interface DiskWorker {
  /** Begins it; its end is told as a notice, and the list is read again. Errors: what stands against it. */
  readonly begin: (action: string, work: DiskRequest) => Promise<void>;
  readonly readAgain: () => Promise<void>;
  /** Waits for its end. Errors: what stands against it. */
  readonly conclude: (work: DiskRequest) => Promise<Operation>;
}

export function useDiskWork(host: Host): DiskWorker {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const queries = useQueryClient();
  const params = { host: host.id };
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: disksKey(host) });
  return {
    readAgain,
    async begin(action, work) {
      const values = { action, name: fileName(work.file) };
      const titles = {
        done: words.text('actionTaken', values),
        failed: words.text('whatGoesWrong', values),
      };
      live.onEnd(await client.call('host.disk.work', { params, body: work }), (ended) => {
        notices.conclude(titles, ended);
        void readAgain();
      });
    },
    async conclude(work) {
      const begun = await client.call('host.disk.work', { params, body: work });
      return await new Promise((resolve) => live.onEnd(begun, resolve));
    },
  };
}
