/** An upload in the middle of which the agent or the coordinator is killed with -9. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { contentOf, sendFile, type Client } from '#api';
import { miB } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const { signal } = new AbortController();

describe('uploads that are cut off', { skip: withoutQemu }, () => {
  let gantry: Gantry;
  let client: Client;
  let host = '';
  /** What starts the programs again, once for each test. */
  const raised: Promise<unknown>[] = [];
  /** The host's folder for vms. */
  let vms = '';

  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--no-vm', '--no-install', '--yes', '--listen', gantry.listen);
    client = gantry.client();
    const { items } = await client.call('host.list', {});
    host = items[0]?.id ?? '';
    vms = join(gantry.data, 'agent', 'vms');
  });
  after(async () => {
    // A test that has failed meanwhile leaves it under way.
    await Promise.allSettled(raised);
    await gantry?.[Symbol.asyncDispose]();
  });

  for (const victim of ['agent', 'coordinator'] as const)
    test(`an upload goes on where it was when the ${victim} is killed in the middle of it`, async () => {
      const content = randomBytes(40 * miB);
      content.fill(0, 9 * miB, 10 * miB);
      const begin = {
        file: `${victim}.raw`,
        sizeBytes: content.length,
        replaces: false,
        packing: 'none',
        fingerprint: '',
      } as const;
      const seen: number[] = [];
      let isDoomed = false;
      const before = raised.length;
      const kill = (): void => {
        const pid = findProgram(gantry.installation, victim);
        assert.ok(pid !== undefined);
        process.kill(pid, 'SIGKILL');
        raised.push(gantry.must('up', '--yes', '--no-vm'));
      };
      const started = await sendFile(client, {
        host,
        begin,
        content: contentOf(new Blob([content])),
        signal,
        onProgress({ doneBytes }) {
          seen.push(doneBytes);
          // While the next part is on its way.
          if (doneBytes > 0 && !isDoomed) setTimeout(kill, 10);
          isDoomed ||= doneBytes > 0;
        },
      });
      await Promise.all(raised);
      const { state, fault, result } = await client.wait(started);
      assert.equal(state, 'done', JSON.stringify(fault));
      const sha256 = createHash('sha256').update(content).digest('hex');
      assert.equal(result?.['sha256'], sha256);
      const file = join(vms, `${victim}.raw`);
      assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), sha256);
      assert.ok(statSync(file).blocks * 512 < content.length);
      const first = seen.findIndex((offset) => offset > 0);
      assert.equal(raised.length, before + 1);
      const later = seen.slice(first);
      assert.ok(
        later.every((offset) => offset >= (later[0] ?? 0)),
        String(seen),
      );
    });
});
