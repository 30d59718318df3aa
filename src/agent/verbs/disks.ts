/** Disks of this host by themselves: which there are, and work on them by path. */
import { Fault } from '#lib';
import { z } from 'zod';
import type { DiskCatalogue, DiskWorkshop } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type DiskVerbs = Pick<
  Handlers,
  'host.disks' | 'host.disk' | 'host.disk.plan' | 'host.disk.work' | 'host.disk.stop'
>;

const answerSchema = z.record(z.string(), z.json());

export function diskVerbs(host: Host): DiskVerbs {
  return {
    'host.disks': async (_, { signal }) => catalogueOf(host).list(host.files(), signal),
    'host.disk': async ({ file }, { signal }) =>
      catalogueOf(host).inspect(file, host.files(), signal),
    'host.disk.plan': async ({ work }, { signal }) => ({
      files: [...(await worksOf(host).plan(work, host.files(), signal))],
    }),
    'host.disk.work': async (asked, context) => ({
      answer: answerSchema.parse(await worksOf(host).perform(asked, host.files(), context)),
    }),
    async 'host.disk.stop'({ id }) {
      await worksOf(host).stop(id);
      return {};
    },
  };
}

function catalogueOf({ driver }: Host): DiskCatalogue {
  return driver.storage.catalogue ?? refuse(driver.name);
}

function worksOf({ driver }: Host): DiskWorkshop {
  return driver.storage.works ?? refuse(driver.name);
}

function refuse(driver: string): never {
  throw new Fault('unsupported', `a ${driver} host has no files`);
}
