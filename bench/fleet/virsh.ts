/** `virsh list --all` on libvirt's test driver, which keeps its domains in the process that asks. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { percentile } from '../measure.ts';
import type { Row } from './measure-fleet.ts';

const run = promisify(execFile);
const maxOutputBytes = 64 * 1024 * 1024;
const rounds = 5;
/** Lists in one virsh: enough that opening the connection is little beside them. */
const lists = 10;
/** REMOTE_DOMAIN_LIST_MAX and its like in libvirt: no list has more. */
const libvirtListLimit = 16_384;

const domainXml = (vm: number): string =>
  `<domain type='test'><name>vm-${vm}</name><memory>1048576</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`;

export async function measureVirsh(vms: number): Promise<readonly Row[]> {
  const label = 'virsh list --all on test://: opened and listed / listed alone';
  if (!existsSync('/usr/bin/virsh')) return [[label, 'virsh is not here']];
  const folder = mkdtempSync(join(tmpdir(), 'gv-'));
  try {
    const file = join(folder, 'node.xml');
    const domains = Array.from({ length: vms }, (_, vm) => domainXml(vm)).join('\n');
    writeFileSync(file, `<node>${domains}</node>`);
    const once = await medianMs(file, 'list --all');
    const many = await medianMs(
      file,
      Array.from({ length: lists + 1 }, () => 'list --all').join('; '),
    );
    const note =
      vms > libvirtListLimit ? ` (libvirtd itself lists at most ${libvirtListLimit})` : '';
    return [[label, `${once.toFixed(0)} / ${((many - once) / lists).toFixed(0)} ms${note}`]];
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : '';
    return [[label, `failed: ${reason.slice(0, 80)}`]];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function medianMs(file: string, commands: string): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    await run('virsh', ['-c', `test://${file}`, commands], { maxBuffer: maxOutputBytes });
    taken.push(performance.now() - begin);
  }
  return percentile(taken, 0.5);
}
