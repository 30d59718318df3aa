/** Guests on differencing disks of each format that has them: booted, cut off, booted again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { ServedGuest } from './testing/served-guest.ts';

/** The system disk has its data there a moment after somebody can log in. */
const mounted = 'while ! grep -q " /data " /proc/mounts; do sleep 0.2; done';

describe('guests on differencing disks', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  for (const format of ['vhdx', 'vhd'] as const)
    test(`a guest on a differencing ${format} is cut off with its server, and finds what it had synced when it boots again`, async () => {
      const guest = new ServedGuest(agent, format);
      await guest.make();
      await guest.boot();
      await guest.run(`${mounted}; echo kept > /data/mark; sync`);
      await guest.write(2, 9);
      guest.close();
      const server = guest.server() ?? 0;
      process.kill(agent.pid(guest.id) ?? 0, 'SIGKILL');
      process.kill(server, 'SIGKILL');
      await agent.until(guest.id, 'off');
      await guest.boot();
      assert.equal(await guest.run(`${mounted}; cat /data/mark`), 'kept');
      assert.equal((await guest.read())[2], 9);
      guest.close();
      await agent.act(guest.id, 'turn-off');
    });
});
