/** Images on this host. */
import { Fault } from '#lib';
import type { Driver, Images } from '../drivers/driver.ts';
import type { Handlers } from '../link/calls.ts';

type ImageVerbs = Pick<Handlers, 'image.build' | 'image.inspect' | 'image.delete'>;

export function imageVerbs(driver: Driver): ImageVerbs {
  const images = (): Images => {
    if (driver.images) return driver.images;
    throw new Fault('unsupported', `a ${driver.name} host keeps no images`);
  };
  return {
    'image.build': (wanted, { signal, progress }) =>
      images().build(wanted, (note) => progress(null, note), signal),
    'image.inspect': ({ file, format }, { signal }) => images().inspect(file, format, signal),
    async 'image.delete'({ path }) {
      await images().delete(path);
      return {};
    },
  };
}
