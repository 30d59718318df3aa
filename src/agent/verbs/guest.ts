/** What a guest is asked through its agent, and answers at once. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function guestVerbs(host: Host): Pick<Handlers, 'machine.clock'> {
  return {
    async 'machine.clock'({ id, set }, { signal }) {
      const { running, file } = host.machine(id);
      const { name } = file.definition;
      if (running === undefined || file.state !== 'running')
        throw new Fault('refused', `${name} does not run`, { hint: 'start or resume it first' });
      if (running.readClock === undefined || running.setClock === undefined)
        throw new Fault('unsupported', `the driver cannot ask the guest of ${name} for the time`);
      if (set === 'hardware') await running.setClock(undefined, signal);
      else if (set !== null) await running.setClock(Date.parse(set), signal);
      return { timeMs: Math.round(await running.readClock(signal)) };
    },
  };
}
