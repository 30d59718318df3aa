/** What drivers of agents have beyond the functions of all: nothing that is not offered by a name of its own. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function extensionVerbs(host: Host): Pick<Handlers, 'machine.extension' | 'host.extension'> {
  const refuse = async (): Promise<never> => {
    throw new Fault('not-found', `the driver ${host.driver.name} has no extensions`);
  };
  return { 'machine.extension': refuse, 'host.extension': refuse };
}
