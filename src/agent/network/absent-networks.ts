/** The networks of a host that carries none. */
import { Fault } from '#lib';
import type { HostLease, HostPort, NetworkReport } from '#api';
import type { Adapters } from './adapters.ts';
import { networkUnavailable, type Networks } from './networks.ts';
import type { Obstacle } from '../drivers/driver.ts';

export class AbsentNetworks implements Networks, AsyncDisposable {
  readonly whyNot: string;
  readonly adapters: Adapters;
  readonly reports: readonly NetworkReport[] = [];
  readonly leaseTables: ReadonlyMap<string, readonly HostLease[]> = new Map();

  constructor(whyNot: string) {
    this.whyNot = whyNot;
    this.adapters = absentAdapters(whyNot);
  }

  readonly used: ReadonlySet<string> = new Set();

  async configure(): Promise<void> {}

  look(): void {}

  async check(network: string): Promise<readonly Obstacle[]> {
    return [networkUnavailable(network, this.whyNot)];
  }

  onReports(): void {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async ports(): Promise<readonly HostPort[]> {
    return [];
  }

  async release(): Promise<void> {
    throw new Fault('not-found', `no network is carried here: ${this.whyNot}`);
  }
}

function absentAdapters(whyNot: string): Adapters {
  const refuse = async (): Promise<never> => {
    throw new Fault('unsupported', `adapters are not looked after here: ${whyNot}`);
  };
  return { list: refuse, change: refuse, confirm: refuse };
}
