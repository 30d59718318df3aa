/** The host itself: settings, checks, its service, its drives. */
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import { discoverMachines } from './discover.ts';

type HostVerbs = Pick<
  Handlers,
  | 'host.configure'
  | 'host.account'
  | 'host.diagnose'
  | 'host.probe'
  | 'host.devices'
  | 'host.drive'
  | 'host.service'
  | 'host.discover'
>;

export function hostVerbs(host: Host): HostVerbs {
  return {
    async 'host.configure'({ settings, ...site }) {
      await host.configure(settings, site);
      return {};
    },
    async 'host.account'(choice) {
      const { name, judgeAccount } = host.driver;
      if (judgeAccount === undefined)
        throw new Fault('unsupported', `vms of a ${name} host have no accounts`);
      const { reasons, warnings } = await judgeAccount(choice);
      return { ok: reasons.length === 0, reasons, warnings };
    },
    async 'host.diagnose'(_, { signal }) {
      return { findings: [...(await host.driver.diagnose(host.settings, signal))] };
    },
    async 'host.probe'(_, { signal }) {
      await host.driver.probe(signal);
      return { facts: await host.refreshFacts() };
    },
    async 'host.devices'() {
      const { name, listDevices } = host.driver;
      if (listDevices !== undefined) return await listDevices();
      throw new Fault('unsupported', `a ${name} host has no devices`);
    },
    async 'host.drive'({ device }) {
      const { name, storage } = host.driver;
      if (storage.drive) return await storage.drive(device);
      throw new Fault('unsupported', `a ${name} host has no drives`);
    },
    async 'host.service'({ run, cause }, { signal }) {
      await (run ? host.service.start(cause, signal) : host.service.stop(cause, signal));
      return { running: host.serviceRunning };
    },
    async 'host.discover'(_, { signal }) {
      await discoverMachines(host, signal);
      return { machines: host.records() };
    },
  };
}
