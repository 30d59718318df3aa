/** One start through the API: running when the operation is done, login when the serial console says so. */
import type { Gantry } from '../../test/e2e/gantry.ts';
import { SerialPerson } from '../../test/e2e/serial.ts';
import type { Taken } from './taken.ts';

export async function measureGantry(gantry: Gantry, vm: string): Promise<Taken> {
  const client = gantry.client();
  const begin = performance.now();
  const started = await client.call('vm.act', { params: { vm, action: 'turn-on' }, body: {} });
  const ended = started.state === 'done' ? started : await client.wait(started);
  const runningMs = performance.now() - begin;
  if (ended.state !== 'done') throw new Error(ended.fault?.message ?? ended.state);
  await using person = await SerialPerson.sit(gantry, vm);
  await person.until(/login:/);
  const loginMs = performance.now() - begin;
  await client.wait(await client.call('vm.act', { params: { vm, action: 'turn-off' }, body: {} }));
  return { runningMs, loginMs };
}
