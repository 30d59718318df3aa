/** Two vms on a host-only network that Gantry made. */
import { join } from 'node:path';
import { createWebSocketStream } from 'ws';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import type { Gantry } from '../../test/e2e/gantry.ts';
import { dialSerial } from '../../test/e2e/serial.ts';
import { LeaseFile } from './lease-file.ts';
import type { Guest, Pair } from './pair.ts';

const network = 'bench';
const names = ['one', 'two'] as const;

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
  const { id: networkId, ipv4 } = await client.call('network.show', { params: { network } });
  const leases = join(gantry.data, 'agent/networks', networkId, 'leases');
  const turnOn = async (vm: string): Promise<void> => {
    const params = { vm, action: 'turn-on' } as const;
    const operation = await client.call('vm.act', { params, body: {} });
    const { state, fault } = await client.wait(operation);
    if (state !== 'done') throw new Error(fault?.message ?? state);
  };
  const boot = async (name: string): Promise<Guest> => {
    const given = new LeaseFile(leases);
    const begin = performance.now();
    await turnOn(name);
    const serial = SerialSession.over(createWebSocketStream(dialSerial(gantry, name)));
    const address = await given.next();
    const addressMs = performance.now() - begin;
    await serial.logIn('root', 'gantry');
    return { serial, address, addressMs };
  };
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
