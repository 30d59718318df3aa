/** What drivers of agents have beyond the functions of all (FED-08): of vms what the driver names, of hosts nothing. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function extensionVerbs(host: Host): Pick<Handlers, 'machine.extension' | 'host.extension'> {
  const none = (): Fault =>
    new Fault('not-found', `the driver ${host.driver.name} has no extensions`);
  return {
    async 'machine.extension'({ id, name, argument }, { signal }) {
      const { vmExtensions } = host.driver;
      if (vmExtensions === undefined) throw none();
      const { running, file } = host.machine(id);
      if (running === undefined)
        throw new Fault('refused', `${file.definition.name} does not run`, {
          hint: 'start it first',
        });
      return { output: await vmExtensions.run(running, { name, argument }, signal) };
    },
    'host.extension': async () => {
      throw none();
    },
  };
}
