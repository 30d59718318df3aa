/**
 * virsh on Gantry's libvirt server and on libvirtd's test driver with as many vms, in the same run:
 * `node bench/gateway/bench.ts [VMS ...]`. The vms of Gantry are simulated ones of one host. Times are those of virsh's own
 * clock, in one connection.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { startLibvirtd } from '../../test/interop/libvirt/daemon.ts';
import { run } from '../../test/interop/libvirt/tools.ts';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';

const rounds = 5;
const fillLimitMs = 300_000;
const commands = [
  'list --all --name',
  'list --all',
  'domstats --raw --state',
  'domstats --raw',
  'dominfo',
] as const;
const sizes = process.argv.slice(2).map(Number);

/** The median of each command, in milliseconds. */
async function measure(address: string, vm: string): Promise<readonly number[]> {
  const medians: number[] = [];
  for (const command of commands) {
    const words = command === 'dominfo' ? `dominfo ${vm}` : command;
    // The first one of a connection pays for what the server has not shown yet.
    const batch = Array.from({ length: rounds + 1 }, () => words).join('; ');
    const { code, out, err } = await run('virsh', ['-t', '-c', address, batch]);
    const times = [...out.matchAll(/\(Time: ([\d.]+) ms\)/g)].map((match) => Number(match[1]));
    if (code !== 0 || times.length !== rounds + 1) throw new Error(`${command}: ${err}`);
    medians.push(percentile(times.slice(1), 0.5));
  }
  return medians;
}

async function ofGantry(count: number): Promise<readonly number[]> {
  await using stage = await Stage.open();
  await stage.addHost('h', count);
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.count('vm') === count, 'all vms are there', fillLimitMs);
  const [first] = inventory.documents('vm');
  const name = inventory.vm(first?.id ?? '')?.name ?? '';
  return await measure(`gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`, name);
}

async function ofLibvirtd(count: number): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  try {
    const domains = Array.from(
      { length: count },
      (_, index) =>
        `<domain type='test'><name>vm-${index}</name><memory>8192</memory><os><type>hvm</type></os></domain>`,
    );
    const file = join(folder, 'node.xml');
    await writeFile(file, `<node>${domains.join('')}</node>`);
    await using daemon = await startLibvirtd();
    return await measure(`test+unix://${file}?socket=${daemon.socket}`, 'vm-0');
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rows: string[][] = [['vms', 'virsh', 'gantry', 'libvirtd', 'ratio']];
for (const size of sizes.length === 0 ? [2, 1000, 5000] : sizes) {
  const [ours, theirs] = [await ofGantry(size), await ofLibvirtd(size)];
  for (const [index, command] of commands.entries()) {
    const [one = 0, other = 0] = [ours[index], theirs[index]];
    rows.push([
      String(size),
      command,
      `${one.toFixed(1)} ms`,
      `${other.toFixed(1)} ms`,
      (one / other).toFixed(2),
    ]);
  }
}
print(describeMachine());
print(writeTable(rows));
