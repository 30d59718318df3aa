/** The adapters of the host: what they are, and what they are for. */
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

type AdapterVerbs = Pick<Handlers, 'host.adapters' | 'host.adapter.set' | 'host.adapter.confirm'>;

export function adapterVerbs(host: Host): AdapterVerbs {
  const { adapters } = host.driver.networks;
  return {
    'host.adapters': async () => ({ adapters: [...(await adapters.list())] }),
    async 'host.adapter.set'({ name, use, confirmSeconds, work, cause }) {
      const trial = await adapters.change(name, { use, confirmSeconds }, work);
      if (trial === null && work === 'do')
        host.emit(null, 'host.adapter-changed', { adapter: name, use }, cause);
      return { trial };
    },
    async 'host.adapter.confirm'({ name, cause }) {
      const use = await adapters.confirm(name);
      host.emit(null, 'host.adapter-changed', { adapter: name, use }, cause);
      return {};
    },
  };
}
