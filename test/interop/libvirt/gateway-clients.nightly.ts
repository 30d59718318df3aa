/** Other people's programs on the whole fleet, none of them changed: what gathers figures, bindings of other languages, Terraform's library. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../../../src/coordinator/access/testing/place.ts';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { findFreePort, run, whyNot } from './tools.ts';

/** Where Debian's packages of Go's libraries are. */
const goPath = '/usr/share/gocode';
const programs = [
  'virsh',
  'qemu-system-x86_64',
  'prometheus-libvirt-exporter',
  'collectd',
  'ruby',
  'perl',
  'go',
  'libvirt-dbus',
  'dbus-run-session',
  'gdbus',
];
const files = [
  '/usr/share/munin/plugins/libvirt-blkstat',
  '/usr/share/doc/ruby-libvirt',
  '/usr/share/doc/libsys-virt-perl',
  '/usr/share/doc/golang-github-digitalocean-go-libvirt-dev',
];
const skip = await whyNot(...programs, ...files);
let stage: Stage;
let folder: string;
let names: readonly string[];

before(async () => {
  if (skip !== false) return;
  folder = await mkdtemp(join(tmpdir(), 'gc-'));
  stage = await Stage.open();
  await Promise.all([stage.addHost('h1', 3), stage.addQemuHost('ada')]);
  names = [...stage.coordinator.inventory.documents('vm')]
    .map(({ id }) => stage.coordinator.inventory.vm(id)?.name ?? '')
    .toSorted();
});
after(async () => {
  if (skip !== false) return;
  await stage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const socket = (): string => join(stage.folder, 'run/libvirt-sock');
const address = (): string => `gantry+unix:///all?socket=${socket()}`;

/** What it prints; fails where it does. */
async function told(program: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(program, args);
  assert.equal(code, 0, err);
  return out;
}

void test(
  'FED-41 an exporter for Prometheus tells figures of each vm of the fleet',
  { skip },
  async () => {
    const port = await findFreePort();
    const exporter = spawn(
      'prometheus-libvirt-exporter',
      [`--libvirt.uri=${address()}`, `--web.listen-address=127.0.0.1:${port}`],
      { stdio: 'ignore' },
    );
    try {
      const url = `http://127.0.0.1:${port}/metrics`;
      const read = (): Promise<string> =>
        fetch(url).then(
          (response) => response.text(),
          () => '',
        );
      let text = '';
      await until('an answer of the exporter', async () => (text = await read()) !== '');
      assert.match(text, /^libvirt_up 1$/m);
      const figure = /^libvirt_domain_info_cpu_time_seconds_total\{domain="([^"]+)"/gm;
      assert.deepEqual(
        Array.from(text.matchAll(figure), ([, name = '']) => name).toSorted(),
        names,
      );
    } finally {
      const ended = once(exporter, 'exit');
      exporter.kill();
      await ended;
    }
  },
);

void test(
  'FED-41 collectd and Munin gather figures of each vm of the fleet',
  { skip },
  async () => {
    const values = join(folder, 'values');
    const settings = join(folder, 'collectd.conf');
    await writeFile(
      settings,
      `BaseDir "${folder}"
PIDFile "${folder}/pid"
Interval 1
LoadPlugin csv
LoadPlugin virt
<Plugin csv>
DataDir "${values}"
</Plugin>
<Plugin virt>
Connection "${address()}"
HostnameFormat name
ExtraStats "cpu_util disk disk_err domain_state job_stats_background memory pcpu vcpu"
</Plugin>
`,
    );
    const collectd = spawn('collectd', ['-f', '-C', settings], { stdio: 'ignore' });
    try {
      const gathered = async (): Promise<readonly string[]> =>
        (await readdir(values).catch((): string[] => [])).toSorted();
      await until('that collectd writes', async () => (await gathered()).length >= names.length);
      assert.deepEqual(await gathered(), names);
    } finally {
      const ended = once(collectd, 'exit');
      collectd.kill();
      await ended;
    }
    const { code, out, err } = await run(files[0] ?? '', [], { uri: address() });
    assert.equal(code, 0, err);
    const read = Array.from(out.matchAll(/^(\w+)_read\.value \d+$/gm), ([, name = '']) => name);
    assert.deepEqual(
      read.toSorted(),
      names.map((name) => name.replaceAll('-', '_')),
    );
  },
);

void test(
  'FED-41 programs in Ruby and Perl list the fleet and read of each vm',
  { skip },
  async () => {
    const ruby = `c = Libvirt::open(ARGV[0])
c.list_all_domains.each { |d| puts d.name if d.info.max_mem > 0 && d.xml_desc.include?(d.uuid) }
c.list_all_networks; c.list_all_storage_pools; c.list_nodedevices; c.node_get_info; c.capabilities; c.close`;
    const perl = `my $c = Sys::Virt->new(uri => $ARGV[0]);
for my $d ($c->list_all_domains()) { print $d->get_name, "\\n" if scalar($d->get_vcpu_info()) && $d->get_xml_description(); }
$c->list_all_networks(); $c->list_all_storage_pools(); $c->get_all_domain_stats(0);`;
    for (const [program, ...words] of [
      ['ruby', '-rlibvirt', '-e', ruby],
      ['perl', '-MSys::Virt', '-e', perl],
    ] as const)
      assert.deepEqual(
        (await told(program, ...words, address())).trim().split('\n').toSorted(),
        names,
      );
  },
);

/** It knows the usual place of libvirtd's socket alone, which is another one in a mount namespace of its own. */
const behindDBus = `set -e
mount --make-rprivate /
mkdir -p /run/libvirt
mount -t tmpfs tmpfs /run/libvirt
for name in libvirt-sock libvirt-sock-ro; do
  touch "/run/libvirt/$name"
  mount --bind "$1/$name" "/run/libvirt/$name"
done
export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
libvirt-dbus --system &
trap 'kill $!' EXIT
gdbus wait --session --timeout 20 org.libvirt
ask() { gdbus call --session --dest org.libvirt --object-path "$@"; }
for domain in $(ask /org/libvirt/QEMU --method org.libvirt.Connect.ListDomains 0 | grep -o "/org/libvirt/[^']*"); do
  ask "$domain" --method org.freedesktop.DBus.Properties.Get org.libvirt.Domain Name
  ask "$domain" --method org.libvirt.Domain.GetStats 0 0 >&2
done`;

void test('FED-41 libvirt-dbus, on which Cockpit stands, lists the fleet', { skip }, async () => {
  const words = ['-m', 'dbus-run-session', 'bash', '-c', behindDBus, 'bash'];
  const said = await told('unshare', ...words, join(stage.folder, 'run'));
  assert.deepEqual(
    Array.from(said.matchAll(/<'([^']+)'>/g), ([, name = '']) => name).toSorted(),
    names,
  );
});

void test(
  "FED-41 what Terraform's provider asks, on its own library: volumes filled, a vm of them made, started, seen and taken away",
  { skip },
  async () => {
    const program = join(folder, 'provider');
    const source = join(import.meta.dirname, 'provider.go');
    const built = await run('go', ['build', '-o', program, source], {
      GO111MODULE: 'off',
      GOPATH: goPath,
      GOCACHE: join(folder, 'go'),
    });
    assert.equal(built.code, 0, built.err);
    const seen: unknown = JSON.parse(await told(program, socket(), 'qemu:///system', 'default'));
    assert.deepEqual(seen, {
      type: 'QEMU',
      returned: true,
      network: true,
      running: true,
      vms: names.length + 1,
      figures: names.length + 1,
      gone: true,
      // Defined, changed to start by itself, started, stopped, undefined.
      heard: [0, 0, 2, 5, 1],
    });
  },
);
