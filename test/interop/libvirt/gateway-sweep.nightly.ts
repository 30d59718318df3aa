/**
 * Two libvirtds and a host of Gantry's own behind one gateway: virsh is asked everything that it knows, and each answer is
 * held beside that of libvirtd itself (sweep-rows.ts). The vms are three of one kind: `ref`, which libvirtd is asked for; `far`
 * of the same libvirtd and `own` of the agent, which the gateway is asked for.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HostDevices } from '#api';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { startLibvirtd, type Libvirtd } from './daemon.ts';
import { qemuDriver, startQemuLibvirtd, type QemuLibvirtd } from './qemu-daemon.ts';
import { objectRows } from './sweep-object-rows.ts';
import type { Row } from './sweep-row.ts';
import { sweep } from './sweep-rows.ts';
import { GatewayRoom } from './gateway-room.ts';
import { run, virsh, whyNot, type Ran } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-img', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

interface Subject {
  readonly name: string;
  readonly address: string;
  readonly pool: string;
  /** Where its files are. */
  readonly folder: string;
}

let stage: Stage;
let daemon: QemuLibvirtd;
let toy: Libvirtd;
let theirs: Subject;
let ours: readonly Subject[];

before(async () => {
  if (skip !== false) return;
  [stage, daemon, toy] = await Promise.all([
    Stage.open(),
    startQemuLibvirtd('own', ['nodedev', 'secret']),
    startLibvirtd(),
  ]);
  const direct = `qemu+unix:///system?socket=${daemon.socket}`;
  const gateway = `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`;
  const folder = join(stage.folder, 'disks');
  const ownFolder = join(stage.folder, 'agent-own/vms');
  await Promise.all([stage.addQemuHost('own'), mkdir(folder)]);
  await chmod(folder, 0o777);
  theirs = { name: 'ref', address: direct, pool: 'disks', folder };
  const far = { name: 'far', address: gateway, pool: 'disks@far', folder };
  const own = { name: 'own', address: gateway, pool: 'default@own', folder: ownFolder };
  ours = [far, own];
  await define(theirs, direct);
  await define(far, direct);
  await must(direct, 'pool-define-as', 'disks', 'dir', '--target', folder);
  for (const verb of ['pool-start', 'pool-autostart']) await must(direct, verb, 'disks');
  await define(own, gateway);
  for (const [name, address] of [
    ['far', direct],
    ['toy', `test+unix:///default?socket=${toy.socket}`],
  ]) {
    const { status, text } = await stage.send('POST', '/hosts', { body: { name, address } });
    assert.equal(status, 200, text);
  }
  await stage.until(() => stage.vm('far') !== undefined, 'its vms are there', 30_000);
  await stage.until(() => stage.vm('test') !== undefined, 'all vms are there', 30_000);
});
after(async () => {
  // It outlives its agent, should a test have ended before it did.
  const own = (ours as readonly Subject[] | undefined)?.at(-1);
  if (own !== undefined) await virsh(own.address, 'destroy', own.name);
  for (const one of [stage, daemon, toy])
    await (one as AsyncDisposable | undefined)?.[Symbol.asyncDispose]();
});

async function must(address: string, ...words: readonly string[]): Promise<void> {
  const { code, err } = await virsh(address, ...words);
  assert.equal(code, 0, err);
}

/** With a disk, another one beside it, and something that goes into its drive. */
async function define({ name, folder }: Subject, address: string): Promise<void> {
  for (const file of [`${name}.qcow2`, `${name}.second`]) {
    const made = await run('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, file), '64M']);
    assert.equal(made.code, 0, made.err);
    await chmod(join(folder, file), 0o666);
  }
  await writeFile(join(folder, `${name}.iso`), Buffer.alloc(65_536), { mode: 0o644 });
  const file = join(stage.folder, `${name}.xml`);
  await writeFile(
    file,
    `<domain type='qemu'><name>${name}</name><description>a vm</description><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><features><acpi/></features><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${join(folder, `${name}.qcow2`)}'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>
<interface type='user'><model type='virtio'/></interface>
<serial type='pty'/><console type='pty'/><graphics type='vnc' port='-1'/><video><model type='vga'/></video></devices></domain>`,
  );
  await must(address, 'define', file);
}

function ask({ words }: Row, { name, address, pool, folder }: Subject): Promise<Ran> {
  const said = words
    .replaceAll(/\bVM\b/g, name)
    .replaceAll('POOL', pool)
    .replaceAll('FILE', join(folder, name));
  return virsh(address, ...said.split(' '));
}

/** Without what is another one in each answer. */
function plain({ out, err }: Ran, { name, pool, folder }: Subject, { about }: Row): string {
  return `${out}${err}`
    .split('\n')
    .filter((line) => about === undefined || new RegExp(`\\b(${name}|${pool})\\b`).test(line))
    .join('\n')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(pool, 'POOL')
    .replaceAll(new RegExp(`\\b${name}\\b`, 'g'), 'VM')
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000/g, 'DATE')
    .replaceAll(/^ +\d+ +(?=VM)/gm, ' ID ')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/^\s+|\s+$/gm, '');
}

/** What is told: the names before figures, each once. */
function labels(text: string): string[] {
  const found = text.split('\n').map((line) =>
    line
      .replace(/[:=].*$/, '')
      .replaceAll(/\d+/g, 'N')
      .trim(),
  );
  return [...new Set(found)].filter(Boolean);
}

/** Undefined: as it should be. */
function complaint(
  row: Row,
  wanted: Ran,
  reference: string,
  got: Ran,
  seen: string,
): string | undefined {
  const shown = `virsh ${row.words}\n  libvirtd ${wanted.code}: ${reference}\n  gateway  ${got.code}: ${seen}`;
  if (row.deviates !== undefined) {
    const { code, says } = row.deviates;
    return got.code === code && says.test(`${got.out}${got.err}`.trimEnd()) ? undefined : shown;
  }
  if (got.code !== wanted.code) return shown;
  if (row.like !== 'form') return seen === reference ? undefined : shown;
  const told = new Set(labels(reference));
  const more = labels(seen).filter((label) => !told.has(label));
  return more.length === 0 ? undefined : `${shown}\n  more: ${more.join(', ')}`;
}

/** Asks for all of them, one by one. */
async function compare(
  rows: readonly Row[],
  reference: Subject,
  subjects: readonly Subject[],
): Promise<void> {
  const complaints: string[] = [];
  for (const row of rows) {
    const wanted = await ask(row, reference);
    const told = plain(wanted, reference, row);
    for (const subject of subjects) {
      if (row.of !== undefined && row.of !== subject.name) continue;
      const got = await ask(row, subject);
      const found = complaint(row, wanted, told, got, plain(got, subject, row));
      if (found !== undefined) complaints.push(`${subject.name}: ${found}`);
    }
  }
  assert.equal(complaints.length, 0, complaints.join('\n\n'));
}

for (const [what, rows] of Object.entries(sweep))
  void test(`virsh is answered as by libvirtd, command by command: ${what}`, { skip }, () =>
    compare(rows, theirs, ours),
  );

void test(
  'devices of a libvirt host are those that its libvirtd tells of, each with its words and its parent',
  { skip },
  async () => {
    const [{ address: gateway } = theirs] = ours;
    const say = async (address: string, ...words: readonly string[]): Promise<string> => {
      const { code, out, err } = await virsh(address, ...words);
      assert.equal(code, 0, err);
      return out.replaceAll('@far', '').trimEnd();
    };
    const listed = async (kind: string): Promise<readonly string[]> => {
      const names = (await say(theirs.address, 'nodedev-list', ...kind.split(' '))).split('\n');
      const told = await virsh(gateway, 'nodedev-list', ...kind.split(' '));
      const far = told.out.split('\n').filter((line) => line.includes('@far'));
      const plain = far.map((line) => line.replaceAll('@far', ''));
      assert.deepEqual(plain.toSorted(), names.filter(Boolean).toSorted(), kind);
      return names.filter(Boolean);
    };
    const all = await listed('');
    assert.ok(all.includes('computer'));
    await listed('--cap system');
    await listed('--cap pci,net,storage');
    await listed('--inactive');
    // Whether it stays and starts by itself libvirtd has said in one way and in the other.
    const plain = (text: string): string => text.replace(/^Persistent[^]*/m, '');
    for (const name of all.slice(0, 5))
      for (const verb of ['nodedev-dumpxml', 'nodedev-info'])
        assert.equal(
          plain(await say(gateway, verb, `${name}@far`)),
          plain(await say(theirs.address, verb, name)),
        );
  },
);

void test(
  'devices of a host with an agent are those that a libvirtd there tells of, described in the same way',
  { skip },
  async () => {
    const gateway = ours.at(-1)?.address ?? '';
    const say = async (address: string, ...words: readonly string[]): Promise<string> => {
      const { code, out, err } = await virsh(address, ...words);
      assert.equal(code, 0, err);
      return out.replaceAll('@own', '').trimEnd();
    };
    const lines = (text: string): string[] => text.split('\n').filter(Boolean).toSorted();
    for (const kind of ['pci', 'storage', 'net', 'usb_device,usb', 'scsi_host,scsi,scsi_generic']) {
      const told = lines((await virsh(gateway, 'nodedev-list', '--cap', kind)).out);
      const own = told.filter((line) => line.includes('@own'));
      const theirNames = lines(await say(theirs.address, 'nodedev-list', '--cap', kind));
      assert.deepEqual(own.map((line) => line.replaceAll('@own', '')).toSorted(), theirNames, kind);
      // What an adapter can leave to its hardware is asked of its driver; a speed of -1 is one that nobody knows. Serial
      // numbers libvirtd has from udev, which need not run here.
      const plain = (text: string): string =>
        text.replaceAll(/^ *<(feature|serial)\b.*\n/gm, '').replaceAll(" speed='4294967295'", '');
      for (const name of theirNames)
        assert.equal(
          plain(await say(gateway, 'nodedev-dumpxml', `${name}@own`)),
          plain(await say(theirs.address, 'nodedev-dumpxml', name)),
        );
    }
    const tree = await say(gateway, 'nodedev-list', '--tree');
    assert.match(tree, /^computer$/m);
    for (const verb of ['nodedev-detach', 'nodedev-reattach', 'nodedev-reset'])
      assert.match((await virsh(gateway, verb, 'computer@own')).err, /use the tools of the host/);
    const { json } = await stage.send('GET', '/hosts/own/devices');
    assert.ok((json as HostDevices).devices.some(({ kind }) => kind === 'pci'));
  },
);

void test(
  'virsh is answered as by libvirtd, command by command: of networks, and of what there is none of',
  { skip },
  async () => {
    // On simulated hosts, since others would lay the network into this machine.
    await using room = await GatewayRoom.open();
    const body = { name: 'default', ipv4: { subnet: '192.168.122.0/24' } };
    const made = await room.stage.send('POST', '/networks', { body });
    assert.equal(made.status, 200, made.text);
    const nothing = { name: 'none-of-these', pool: 'none-of-these', folder: '/none-of-these' };
    const test = { ...nothing, address: `test+unix:///default?socket=${toy.socket}` };
    await must(test.address, 'net-autostart', 'default');
    await compare(objectRows, test, [{ ...nothing, address: room.address() }]);
  },
);
