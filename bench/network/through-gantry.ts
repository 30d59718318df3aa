/** Two vms on a host-only network that Gantry made. */
import { createWebSocketStream } from 'ws';
import type { NetworkLease } from '#api';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import type { Gantry } from '../../test/e2e/gantry.ts';
import { dialSerial } from '../../test/e2e/serial.ts';
import type { Guest, Pair } from './pair.ts';

const network = 'bench';
const names = ['one', 'two'] as const;
const lookMs = 20;

/** The vms are there afterwards, and off. */
export async function prepare(gantry: Gantry): Promise<void> {
  await gantry.must('network', 'create', network, '--type', 'host-only');
  for (const name of names)
    await gantry.must(
      'vm',
      'create',
      name,
      '--image',
      'starter',
      '--memory',
      '256M',
      '--network',
      network,
    );
}

export async function startPair(gantry: Gantry): Promise<Pair> {
  const client = gantry.client();
  const turnOn = async (vm: string): Promise<void> => {
    const params = { vm, action: 'turn-on' } as const;
    const operation = await client.call('vm.act', { params, body: {} });
    const { state, fault } = await client.wait(operation);
    if (state !== 'done') throw new Error(fault?.message ?? state);
  };
  const leaseOf = async (id: string): Promise<NetworkLease | undefined> => {
    const { items } = await client.call('network.leases', { params: { network } });
    return items.find(({ vm }) => vm?.id === id);
  };
  const boot = async (name: string): Promise<Guest> => {
    const { id } = await client.call('vm.show', { params: { vm: name } });
    const before = await leaseOf(id);
    const begin = performance.now();
    await turnOn(name);
    const serial = SerialSession.over(createWebSocketStream(dialSerial(gantry, name)));
    for (;;) {
      const lease = await leaseOf(id);
      // The one of its last run is still there until it is given again.
      if (lease !== undefined && lease.expiresAt !== before?.expiresAt) {
        const addressMs = performance.now() - begin;
        await serial.logIn('root', 'gantry');
        return { serial, address: lease.address, addressMs };
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  };
  const { ipv4 } = await client.call('network.show', { params: { network } });
  const one = await boot('one');
  const two = await boot('two');
  return {
    one,
    two,
    hostAddress: ipv4?.gateway ?? '',
    onHost: [],
    [Symbol.asyncDispose]: async () => {
      for (const { serial } of [one, two]) serial.close();
      await gantry.must('vm', 'turn-off', ...names, '--yes');
    },
  };
}
