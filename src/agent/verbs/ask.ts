/** Hypervisors of others alone are asked in their own words: what vms of agents have of it is in their definition. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function askVerbs(host: Host): Pick<Handlers, 'machine.ask' | 'host.ask'> {
  return {
    'host.ask': async () => {
      throw new Fault('unsupported', 'no libvirtd is asked on a host with an agent', {
        hint: 'see what it has with: gantry host show',
      });
    },
    'machine.ask': async () => {
      throw new Fault(
        'unsupported',
        `vms of the driver ${host.driver.name} have settings instead`,
        {
          hint: 'see them with: gantry vm settings VM',
        },
      );
    },
  };
}
