/** What a guest is asked through its agent, and answers at once. */
import { defaultFreezeSeconds } from '#api';
import { Fault } from '#lib';
import type { Running } from '../drivers/driver.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';

export function guestVerbs(
  host: Host,
): Pick<
  Handlers,
  'machine.clock' | 'machine.freeze' | 'machine.trim' | 'machine.memory' | 'machine.password'
> {
  const runningOf = (id: string): { readonly running: Running; readonly name: string } => {
    const { running, file } = host.machine(id);
    const { name } = file.definition;
    if (running === undefined || file.state !== 'running')
      throw new Fault('refused', `${name} does not run`, { hint: 'start or resume it first' });
    return { running, name };
  };
  return {
    async 'machine.freeze'({ id, set, mountPoints, limitSeconds }, { signal }) {
      const { running, name } = runningOf(id);
      const { freeze } = running;
      if (freeze === undefined)
        throw new Fault('unsupported', `the driver cannot hold file systems of ${name} still`);
      if (set === null) return await freeze.ask(signal);
      if (set === 'thawed') return await freeze.end(signal);
      const limitMs = (limitSeconds ?? defaultFreezeSeconds) * 1000;
      return await freeze.begin({ mountPoints, limitMs }, signal);
    },
    async 'machine.trim'({ id, minimumBytes }, { signal }) {
      const { running, name } = runningOf(id);
      if (running.trim === undefined)
        throw new Fault('unsupported', `the driver cannot ask the guest of ${name} for space`);
      return await running.trim(minimumBytes, signal);
    },
    async 'machine.password'({ id, ...password }, { signal }) {
      const { running, name } = runningOf(id);
      if (running.setPassword === undefined)
        throw new Fault('unsupported', `the driver cannot give the guest of ${name} a password`);
      await running.setPassword(password, signal);
      return {};
    },
    async 'machine.memory'({ id, ...peek }, { signal }) {
      const { running, file } = host.machine(id);
      const { name } = file.definition;
      if (running === undefined)
        throw new Fault('refused', `${name} does not run`, { hint: 'start it first' });
      if (running.readMemory === undefined)
        throw new Fault('unsupported', `the driver cannot read the memory of ${name}`);
      return { bytes: (await running.readMemory(peek, signal)).toString('base64') };
    },
    async 'machine.clock'({ id, set }, { signal }) {
      const { running, name } = runningOf(id);
      if (running.readClock === undefined || running.setClock === undefined)
        throw new Fault('unsupported', `the driver cannot ask the guest of ${name} for the time`);
      if (set === 'hardware') await running.setClock(undefined, signal);
      else if (set !== null) await running.setClock(Date.parse(set), signal);
      return { timeMs: Math.round(await running.readClock(signal)) };
    },
  };
}
