/** Hypervisors of others alone are asked in their own words: what vms of agents have of it is in their definition. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function askVerbs(host: Host): Pick<Handlers, 'machine.ask'> {
  return {
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
