/** Images on this host. */
import { Fault } from '#lib';
import type { Images } from '../drivers/driver.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type ImageVerbs = Pick<Handlers, 'image.build' | 'image.inspect' | 'image.delete'>;

export function imageVerbs(host: Host): ImageVerbs {
  const { driver } = host;
  const images = (): Images => {
    if (driver.images) return driver.images;
    throw new Fault('unsupported', `a ${driver.name} host keeps no images`);
  };
  return {
    'image.build': (wanted, { signal, progress }) =>
      images().build(wanted, (note) => progress(null, note), signal),
    'image.inspect': (wanted, { signal }) => images().inspect(wanted, signal),
    async 'image.delete'({ path, file = 'delete' }, { signal }) {
      await requireChildless(host, path, signal);
      if (file === 'delete') await images().delete(path);
      return {};
    },
  };
}

/** Errors: `refused` naming the disks that would be lost with the image. */
async function requireChildless(host: Host, path: string, signal: AbortSignal): Promise<void> {
  const { catalogue } = host.driver.storage;
  const children = (await catalogue?.childrenOf(path, host.files(), signal)) ?? [];
  if (children.length === 0) return;
  throw new Fault('refused', `cannot delete ${path}: other disks are made from it`, {
    facts: { file: path, children: children.slice(0, 100) },
    hint: `make each a disk of its own first: gantry disk flatten ${children[0] ?? ''}`,
  });
}
