/** QEMUs that answer nothing, under a libvirtd with its QEMU driver: they hold up neither their host nor its other vms. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { listProcesses } from './foreign-process.ts';
import { QemuRoom, withoutRoom } from './qemu-room.ts';

/** More than are waited for at once. */
const stuck = ['stuck-1', 'stuck-2', 'stuck-3', 'stuck-4'];
const names = [...stuck, 'well'];

const xmlOf = (name: string, disk: string): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>
<devices><disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;

void test(
  'a host is connected, and each of its vms is seen, while QEMUs of some answer nothing',
  { skip: withoutRoom },
  async (t) => {
    const frozen: number[] = [];
    const thaw = (): void => {
      for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
    };
    // First: a libvirtd that waits for them does not end.
    t.after(thaw);
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    for (const name of names) {
      const file = join(room.folder, `${name}.xml`);
      await writeFile(file, xmlOf(name, await room.makeDisk(`${name}.raw`, 'raw', '16M')));
      await room.told(`define ${file}; start ${name}`);
    }
    const processes = await listProcesses();
    for (const name of stuck) {
      const words = new RegExp(`qemu-system.* guest=${name},`);
      const found = processes.find(({ command }) => words.test(command));
      const { pid } = found ?? assert.fail(`${name} runs`);
      process.kill(pid, 'SIGSTOP');
      frozen.push(pid);
    }

    const kept = await Kept.open(room.address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const states = (): readonly string[] =>
      [...host.reports.values()].map(({ name, state }) => `${name} ${state}`).toSorted();
    const running = names.map((name) => `${name} running`);
    assert.deepEqual(states(), running);
    // What happens to the others is seen meanwhile, by events and by looks.
    await room.told('suspend well');
    await host.until('it is paused', () => states().includes('well paused'), 20_000);
    await room.told('resume well');
    await host.until('it runs', () => states().includes('well running'), 20_000);
    assert.equal(host.samples.size, names.length);
    assert.equal(kept.states.filter(({ lastError }) => lastError !== null).length, 0);

    thaw();
    const isMeasured = (): boolean =>
      [...host.samples.values()].every(({ memoryBytes }) => (memoryBytes ?? 0) > 0);
    await host.until('all are measured', isMeasured, 20_000);
    const sizes = (): readonly (number | null | undefined)[] =>
      [...host.records.values()].map(({ definition }) => definition.hardware.disks[0]?.sizeBytes);
    const all = names.map(() => 16 * 1024 ** 2);
    await host.until('all disks have their sizes', () => String(sizes()) === String(all), 20_000);
    assert.deepEqual(states(), running);
    assert.equal(kept.states.filter(({ lastError }) => lastError !== null).length, 0);
  },
);
