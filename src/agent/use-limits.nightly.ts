/** A real machine that computes without rest, against limits of their use of processors and memory. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { miB } from '#lib';
import { bareDefinition, QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';

const limitMs = 240_000;
/** So much even of a machine that others work on. */
const limitPercent = 4;

test(
  'EVT-35 a guest that computes without rest is above its limit of processor use, and within it when it is paused; the memory of its process is measured',
  { skip: withoutQemu },
  async () => {
    await using agent = await QemuAgent.start();
    const file = join(agent.shelf, 'busy.raw');
    const sector = Buffer.alloc(miB);
    // jmp to itself.
    sector.write('ebfe', 0, 'hex');
    sector.writeUInt16LE(0xaa55, 510);
    writeFileSync(file, sector);
    chmodSync(file, 0o666);
    const settings = {
      processorUse: { warnPercent: limitPercent },
      memoryUse: { warnPercent: 10 },
    };
    const disks = [{ ...testDisk(file), format: 'raw' as const, sizeBytes: miB }];
    const busy = await agent.create(bareDefinition({ disks }, { settings }));
    await agent.act(busy, 'turn-on');
    const told = (use: 'cpu' | 'memory'): readonly Readonly<Record<string, unknown>>[] =>
      agent.host.events
        .filter(({ vmId, name }) => vmId === busy && name === `vm.threshold.${use}`)
        .map(({ attributes }) => attributes);
    const until = async (use: 'cpu' | 'memory', count: number): Promise<void> =>
      agent.host.until(`event ${count} of ${use}`, () => told(use).length >= count, limitMs);
    await until('cpu', 1);
    await until('memory', 1);
    const [computing] = told('cpu');
    assert.deepEqual([computing?.['side'], computing?.['limitPercent']], ['above', limitPercent]);
    assert.ok(Number(computing?.['usedPercent']) > limitPercent, JSON.stringify(computing));
    assert.equal(told('memory')[0]?.['side'], 'above');
    await agent.act(busy, 'pause');
    await until('cpu', 2);
    const paused = told('cpu')[1];
    assert.equal(paused?.['side'], 'within');
    assert.ok(Number(paused['usedPercent']) <= limitPercent, JSON.stringify(paused));
    await agent.act(busy, 'turn-off');
    await until('memory', 2);
    assert.deepEqual(told('memory')[1], { side: 'within', limitPercent: 10, usedPercent: 0 });
    assert.deepEqual([told('cpu').length, told('memory').length], [2, 2]);
  },
);
