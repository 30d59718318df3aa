/**
 * What the programs cost while nobody asks for anything: resident memory and processor time of coordinator
 * and agent after their first start and after another one, beside the distribution's libvirtd.
 *
 *   node bench/idle/bench.ts [SECONDS]
 *
 * Resident memory counts the pages of Node's own file (about 50 MiB) in each; the proportional size divides
 * what both share, and the private size leaves it out.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { present } from '#lib';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry } from '../../test/e2e/gantry.ts';
import { describeMachine, print, writeTable } from '../measure.ts';
import { formatMiB, memoryOf, processorMs } from '../processes.ts';

const seconds = Number(process.argv[2] ?? 30);
/** What starts up is done by then, its garbage is collected and the store's reader has gone to rest. */
const settleMs = 15_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(label: string, pids: Readonly<Record<string, number>>): Promise<string[][]> {
  await sleep(settleMs);
  const before = Object.values(pids).map(processorMs);
  await sleep(seconds * 1000);
  return Object.entries(pids).map(([name, pid], index) => {
    const usedMs = processorMs(pid) - (before[index] ?? 0);
    const { residentBytes, proportionalBytes, privateBytes } = memoryOf(pid);
    return [
      `${name}, ${label}`,
      formatMiB(residentBytes),
      formatMiB(proportionalBytes),
      formatMiB(privateBytes),
      (usedMs / seconds / 10).toFixed(2),
    ];
  });
}

async function measureLibvirt(): Promise<string[][]> {
  if (!existsSync('/usr/sbin/libvirtd')) return [['libvirtd: not here']];
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const config = join(folder, 'libvirtd.conf');
  writeFileSync(config, `unix_sock_dir = "${folder}"\n`);
  // Its own mounts and network: it finds no machine of this host and changes none.
  const prepare = `for place in /var/lib/libvirt /etc/libvirt /run /var/log; do mount -t tmpfs none $place; done
[ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm
exec libvirtd -f "$1" -p "$2"`;
  const daemon = spawn(
    'unshare',
    ['--mount', '--net', 'sh', '-c', prepare, 'sh', config, join(folder, 'pid')],
    { stdio: 'ignore' },
  );
  try {
    return await measure('idle', { libvirtd: present(daemon.pid, 'its process') });
  } finally {
    daemon.kill();
    await once(daemon, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

await using gantry = await newGantry();
const pids = (): Readonly<Record<string, number>> => ({
  coordinator: present(findProgram(gantry.installation, 'coordinator'), 'the coordinator'),
  agent: present(findProgram(gantry.installation, 'agent'), 'the agent'),
});
await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
const rows = await measure('first start', pids());
await gantry.must('down');
await gantry.must('up', '--yes', '--no-vm');
rows.push(...(await measure('started again', pids())), ...(await measureLibvirt()));
print(describeMachine());
print(
  `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
print(
  writeTable([
    ['', 'resident', 'proportional', 'private', `processor %, over ${seconds} s`],
    ...rows,
  ]),
);
