/** More hosts beside the one of an installation, on this machine, each with an agent of its own. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '../../src/coordinator/testing/stage.ts';
import type { Gantry } from './gantry.ts';
import { untilReady } from './ready-hosts.ts';

/** Answers when all are ready; they and their files are gone with the answer. */
export async function joinHosts(
  gantry: Gantry,
  drivers: Readonly<Record<string, 'qemu' | 'simulated'>>,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const client = gantry.client();
  const folder = await mkdtemp(join(tmpdir(), 'gh-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // Each QEMU has an account of its own, which must get to its files.
  await chmod(folder, 0o711);
  for (const [name, driver] of Object.entries(drivers)) {
    const { token } = await client.call('host.join-token', {});
    const place = join(folder, name);
    await writeFile(`${place}.token`, `${token}\n`);
    const authority = join(gantry.data, 'coordinator/authority/authority.pem');
    const given = {
      data: place,
      runtime: `${place}.run`,
      name,
      driver,
      authority,
      coordinator: client.server,
      'token-file': `${place}.token`,
      ...(driver === 'simulated' ? { vms: '0' } : {}),
    };
    const agent = new AgentProcess(
      Object.entries(given).flatMap(([option, value]) => [`--${option}`, value]),
    );
    stack.defer(() => agent.end());
  }
  await untilReady(client, Object.keys(drivers));
  return stack.move();
}
