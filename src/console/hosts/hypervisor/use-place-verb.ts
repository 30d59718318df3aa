/** What is done with a network or a storage pool of a hypervisor: by an extension of its driver, and then looked at again. */
import { useQueryClient } from '@tanstack/react-query';
import type { Host, HypervisorNetwork, HypervisorPlace } from '#api';
import { isFault } from '#lib';
import { useConsole } from '../../console.ts';

type Verb = 'start' | 'stop' | 'undefine' | 'autostart' | 'refresh' | 'define';

interface PlaceVerbs {
  /** Errors: the hypervisor's own; `forbidden`. */
  readonly act: (verb: Verb, argument: string | object) => Promise<void>;
  /** As it will start, in libvirt's words. Errors: as `act`. */
  readonly describe: (place: HypervisorNetwork) => Promise<string>;
}

export const placeWords = { networks: 'network', pools: 'pool' } as const;

/** VIR_NETWORK_XML_INACTIVE, VIR_STORAGE_XML_INACTIVE. */
const inactiveXml = 1;

export function usePlaceVerbs(host: Host, kind: HypervisorPlace): PlaceVerbs {
  const { client } = useConsole();
  const queries = useQueryClient();
  const word = placeWords[kind];
  const ask = async (verb: Verb | 'xml', argument: string | object): Promise<string> => {
    const params = { host: host.id, extension: `${word}-${verb}` };
    const body = { argument: typeof argument === 'string' ? argument : JSON.stringify(argument) };
    return (await client.call('host.extension', { params, body })).output;
  };
  return {
    async act(verb, argument) {
      await ask(verb, argument);
      await queries.invalidateQueries({ queryKey: [`host.${word}.list`, host.id] });
    },
    async describe({ uuid, persistent }) {
      try {
        return await ask('xml', { [word]: uuid, flags: persistent ? inactiveXml : 0 });
      } catch (error) {
        // Some of libvirt's drivers have one description for both.
        if (!persistent || !isFault(error, 'invalid')) throw error;
        return await ask('xml', { [word]: uuid, flags: 0 });
      }
    },
  };
}
