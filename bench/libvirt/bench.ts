/**
 * A libvirt connection with many vms, looked at as the product does: `node bench/libvirt/bench.ts [VMS ...]`. The
 * hypervisor is libvirtd's test driver, which keeps them in memory; beside it `virsh` reads the same over the same socket.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib';
import { connectLibvirt } from '#libvirt';
import { Look } from '../../src/agent/foreign/look.ts';
import { ForeignMachines } from '../../src/agent/foreign/machines.ts';
import { startLibvirtd } from '../../test/interop/libvirt/daemon.ts';
import { run } from '../../test/interop/libvirt/tools.ts';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';

const looks = 20;
/** Between two looks in the product. */
const periodMs = 5_000;
const sizes = process.argv.slice(2).map(Number);

interface Figures {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly processorMs: number;
}

async function measure(address: string): Promise<Figures> {
  await using client = await connectLibvirt(address, { timeoutMs: 120_000 });
  const look = new Look(client, systemClock);
  const machines = new ForeignMachines({
    identify: (uuid) => uuid,
    clock: systemClock,
    architecture: () => 'x86_64',
    emit: () => undefined,
  });
  const signal = AbortSignal.timeout(120_000);
  const once = async (): Promise<number> => {
    const began = performance.now();
    machines.take(await look.all(signal));
    return performance.now() - began;
  };
  const firstMs = await once();
  const wall: number[] = [];
  const before = process.threadCpuUsage();
  for (let index = 0; index < looks; index += 1) wall.push(await once());
  const { user, system } = process.threadCpuUsage(before);
  return { firstMs, medianMs: percentile(wall, 0.5), processorMs: (user + system) / 1000 / looks };
}

/** The median of virsh reading the statistics of all, by its own clock. */
async function measureVirsh(address: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    const { code, out, err } = await run('virsh', ['-t', '-c', address, 'domstats --raw']);
    const time = /Time: ([\d.]+) ms/.exec(out)?.[1];
    if (code !== 0 || time === undefined) throw new Error(err);
    times.push(Number(time));
  }
  return percentile(times, 0.5);
}

const folder = await mkdtemp(join(tmpdir(), 'bl-'));
try {
  const { out } = await run('virsh', ['--version']);
  print(`${describeMachine()}, libvirt ${out.trim()}`);
  const rows: string[][] = [
    ['vms', 'first look', 'a look', 'processor time', 'of one processor', 'virsh domstats'],
  ];
  for (const vms of sizes.length === 0 ? [100, 1_000, 5_000] : sizes) {
    const file = join(folder, `${vms}.xml`);
    const domains = Array.from(
      { length: vms },
      (_, index) =>
        `<domain type='test'><name>vm-${index}</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`,
    );
    await writeFile(file, `<node>${domains.join('')}</node>`);
    await using daemon = await startLibvirtd();
    const address = `test+unix://${file}?socket=${daemon.socket}`;
    // Its vms are there as long as somebody is connected.
    await using _keeps = await connectLibvirt(address, { timeoutMs: 120_000 });
    const figures = await measure(address);
    rows.push([
      String(vms),
      `${figures.firstMs.toFixed(0)} ms`,
      `${figures.medianMs.toFixed(1)} ms`,
      `${figures.processorMs.toFixed(1)} ms`,
      `${((figures.processorMs / periodMs) * 100).toFixed(2)} %`,
      `${(await measureVirsh(address)).toFixed(0)} ms`,
    ]);
  }
  print(writeTable(rows));
} finally {
  await rm(folder, { recursive: true });
}
