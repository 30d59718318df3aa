/** Two vms on a host-only network that Gantry made. */
import { createWebSocketStream } from 'ws';
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
  const act = async (vm: string, action: 'turn-on' | 'pause' | 'resume'): Promise<void> => {
    const operation = await client.call('vm.act', { params: { vm, action }, body: {} });
    const { state, fault } = await client.wait(operation);
    if (state !== 'done') throw new Error(fault?.message ?? state);
  };
  const boot = async (name: string): Promise<Guest> => {
    const { id } = await client.call('vm.show', { params: { vm: name } });
    const begin = performance.now();
    await act(name, 'turn-on');
    const serial = SerialSession.over(createWebSocketStream(dialSerial(gantry, name)));
    for (;;) {
      const { items } = await client.call('network.leases', { params: { network } });
      const address = items.find(({ vm }) => vm?.id === id)?.address;
      if (address !== undefined) {
        const addressMs = performance.now() - begin;
        await serial.logIn('root', 'gantry');
        return { serial, address, addressMs };
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  };
  const { ipv4 } = await client.call('network.show', { params: { network } });
  const one = await boot('one');
  const two = await boot('two');
  const both = async (action: 'pause' | 'resume'): Promise<void> => {
    for (const name of names) await act(name, action);
  };
  return {
    one,
    two,
    hostAddress: ipv4?.gateway ?? '',
    onHost: [],
    pause: () => both('pause'),
    resume: () => both('resume'),
    [Symbol.asyncDispose]: async () => {
      for (const { serial } of [one, two]) serial.close();
      await gantry.must('vm', 'turn-off', ...names, '--yes');
    },
  };
}
