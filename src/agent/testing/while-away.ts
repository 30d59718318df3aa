/** What QEMU itself says of a vm: its monitor has one listener, and is free while there is no agent. */
import { join } from 'node:path';
import { connectQmp, type QmpClient } from '#qemu';
import type { QemuAgent } from './qemu-agent.ts';

/** The agent is killed, and comes back afterwards. */
export async function whileAway<T>(
  agent: QemuAgent,
  id: string,
  work: (client: QmpClient) => Promise<T>,
): Promise<T> {
  await agent.process.stop('SIGKILL');
  const path = join(agent.process.folder, 'run', id.replaceAll('-', ''), 'monitor');
  const client = await connectQmp(path, { timeoutMs: 10_000 });
  try {
    return await work(client);
  } finally {
    await client[Symbol.asyncDispose]();
    await agent.comeBack();
  }
}
