/**
 * Hardware edited in virt-manager's own window, by what it shows and by its buttons: of a vm of an agent with QEMU, off and while
 * it runs, and of a simulated one. What became of it is asked of Gantry's own API. Pictures of what was seen are kept in
 * GANTRY_TEST_PICTURES where that is set.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Adapter, Hardware, Vm } from '#api';
import { miB } from '#lib';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { Desktop, desktopPrograms } from './desktop.ts';
import { whyNot } from './tools.ts';
import { Windows, windowPrograms, type Place } from './window.ts';

const skip = await whyNot(
  'virt-manager',
  'qemu-system-x86_64',
  ...desktopPrograms,
  ...windowPrograms,
);
const pictures = process.env['GANTRY_TEST_PICTURES'];

const adding: Place = [['frame', 'Add New Virtual Hardware']];
const page = (name: string): Place => [['filler', name]];
const boot: Place = [['panel', 'boot-tab']];

let opened: Stage | undefined;
before(async () => {
  if (skip !== false) return;
  opened = await Stage.open();
  await Promise.all([opened.addQemuHost('own'), opened.addHost('sim')]);
  for (const [host, name] of [
    ['own', 'web'],
    ['sim', 'toy'],
  ]) {
    const { state, fault } = await opened.act('POST', '/vms', {
      name,
      host,
      memoryBytes: 64 * miB,
      network: host === 'own' ? 'user' : 'none',
      disk: { kind: 'new', sizeBytes: 32 * miB },
    });
    assert.equal(state, 'done', JSON.stringify(fault));
  }
});
after(async () => {
  if (opened === undefined) return;
  // It outlives its agent.
  if (vm('web').state !== 'off') await opened.act('POST', '/vms/web/actions/turn-off');
  await opened[Symbol.asyncDispose]();
});

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function vm(name: string): Vm {
  const found = stage().vm(name);
  assert.ok(found);
  return found;
}

/** One vm's window of details. */
class Details {
  readonly windows: Windows;
  readonly #desktop: Desktop;
  readonly #name: string;

  constructor(desktop: Desktop, path: string, name: string) {
    const address = `gantry+unix:///${path}?socket=${join(stage().folder, 'run/libvirt-sock')}`;
    const words = ['--debug', '--no-fork', '-c', address, '--show-domain-editor', name];
    this.windows = Windows.open(desktop, 'virt-manager', ...words);
    this.#desktop = desktop;
    this.#name = name;
  }

  open(row: string): Promise<unknown> {
    return this.windows.select('hw-list', row);
  }

  /** Saves what was changed, and waits until the vm has it. */
  async apply(what: string, holds: (hardware: Hardware, vm: Vm) => boolean): Promise<void> {
    await this.windows.press('push button', 'config-apply');
    await this.until(what, holds);
  }

  async begin(kind: string): Promise<void> {
    await this.windows.press('push button', 'add-hardware');
    await this.windows.select('', kind, adding);
  }

  async finish(what: string, holds: (hardware: Hardware, vm: Vm) => boolean): Promise<void> {
    await this.windows.press('push button', 'Finish', adding);
    await this.windows.awaitGone('frame', 'Add New Virtual Hardware');
    await this.until(what, holds);
  }

  async remove(row: string, question: string): Promise<void> {
    await this.open(row);
    await this.windows.press('push button', 'config-remove');
    await this.windows.press('push button', 'Delete', [['frame', question]]);
  }

  /** Where it does not come, what the window shows and what the program has written is told. */
  async until(what: string, holds: (hardware: Hardware, vm: Vm) => boolean): Promise<void> {
    try {
      await stage().until(
        () => holds(vm(this.#name).definition.hardware, vm(this.#name)),
        what,
        30_000,
      );
    } catch (error) {
      throw new Error(`${what}\n${await this.#seen()}`, { cause: error });
    }
  }

  async photograph(name: string): Promise<void> {
    if (pictures !== undefined) await this.#desktop.photograph(join(pictures, `${name}.png`));
  }

  /** No window of it says that something went wrong, and its log knows of none and of no call that was not answered. */
  async requireContent(): Promise<void> {
    const alerts = await this.windows.list('alert');
    assert.deepEqual(alerts, [], alerts.length === 0 ? '' : await this.#seen());
    assert.doesNotMatch(this.windows.said, /error dialog|not supported here/);
  }

  async #seen(): Promise<string> {
    return `${await this.windows.show()}\n${this.windows.said.slice(-6_000)}`;
  }
}

async function editWhatAllHave(details: Details): Promise<void> {
  const { windows } = details;
  await details.open('Memory');
  await windows.set('Max Memory Select', 256, page('memory-tab'));
  await windows.set('Memory Select', 128, page('memory-tab'));
  await details.apply(
    'the memory',
    ({ memory }) => memory.sizeBytes === 128 * miB && memory.maxBytes === 256 * miB,
  );
  await details.open('CPUs');
  await windows.set('vCPU allocation:', 2, page('cpu-tab'));
  await details.apply('the processors', ({ processor }) => processor.count === 2);
  await details.open('Overview');
  await windows.write('Title:', 'shop', page('overview-tab'));
  await windows.write('Description:', 'at the front', page('overview-tab'));
  await details.apply(
    'the description',
    (_, { definition }) =>
      definition.description === 'at the front' &&
      definition.extensions['libvirt-title'] === 'shop',
  );
  await details.open('Boot Options');
  await windows.tick('', 'Network (PXE)', boot);
  await windows.select('', 'CDROM', boot);
  await windows.press('push button', 'boot-moveup', boot);
  await details.photograph('edits-boot');
  await details.apply('the boot order', ({ firmware }) => firmware.bootOrder.join() === 'cd,disk');
}

void test('virt-manager edits a vm that is off in its window', { skip }, async () => {
  await using desktop = await Desktop.open();
  // Of all hosts one alone has pools, so that its own is the default one.
  const details = new Details(desktop, 'all', 'web');
  const { windows } = details;
  await editWhatAllHave(details);
  await details.begin('Storage');
  await windows.set('GiB', 0.1, adding);
  await details.photograph('edits-new-disk');
  await details.finish('a second disk', ({ disks }) => disks.length === 2);
  await details.remove('VirtIO Disk 2', 'Remove Disk Device');
  await details.until(
    'one disk',
    ({ disks, opticalDrives }) => disks.length === 1 && opticalDrives.length === 1,
  );
  await details.open(adapterRow('web'));
  await windows.press('check box', 'active', page('network-tab'));
  await details.apply('a link that is down', ({ adapters }) => adapters[0]?.link === 'down');
  await details.requireContent();
});

void test(
  'virt-manager starts a vm in its window and edits it while it runs',
  { skip },
  async () => {
    const iso = join(stage().folder, 'agent-own/vms/setup.iso');
    await writeFile(iso, Buffer.alloc(65_536), { mode: 0o644 });
    await using desktop = await Desktop.open();
    const details = new Details(desktop, 'host/own', 'web');
    const { windows } = details;
    await windows.press('push button', 'Run');
    await details.until('it runs', (_, { state }) => state === 'running');
    await windows.press('radio button', 'Details');
    await details.open(adapterRow('web'));
    await windows.press('check box', 'active', page('network-tab'));
    await details.apply('a link that is up', ({ adapters }) => adapters[0]?.link === 'up');
    await details.open('SATA CDROM 1');
    await windows.write('media-entry', iso, page('disk-tab'));
    await details.apply('a CD', ({ opticalDrives }) => {
      const medium = opticalDrives[0]?.medium;
      return medium?.kind === 'file' && medium.file === iso;
    });
    await details.photograph('edits-cd');
    await windows.write('media-entry', '', page('disk-tab'));
    await details.apply('no CD', ({ opticalDrives }) => opticalDrives[0]?.medium === null);
    await details.begin('Storage');
    await windows.set('GiB', 0.1, adding);
    // A guest without a system lets go of no other.
    await windows.pick('Bus type:', 'SCSI', adding);
    await details.finish('one more disk', ({ disks }) => disks.length === 2);
    await details.remove('SCSI Disk 1', 'Remove Disk Device');
    await details.until(
      'one disk, also in the guest',
      ({ disks }, { status }) => disks.length === 1 && status.pending.length === 0,
    );
    await details.requireContent();
  },
);

void test('virt-manager edits a simulated vm in its window', { skip }, async () => {
  for (const name of ['lan', 'dmz']) {
    const made = await stage().send('POST', '/networks', { body: { name } });
    assert.equal(made.status, 200, made.text);
  }
  await using desktop = await Desktop.open();
  const details = new Details(desktop, 'host/sim', 'toy');
  const { windows } = details;
  await editWhatAllHave(details);
  await details.begin('Network');
  await windows.pick('net-source', "Virtual network 'lan' : NAT", adding);
  await details.finish('an adapter', ({ adapters }) => leadsTo(adapters[0], 'lan'));
  await details.open(adapterRow('toy'));
  await windows.pick('net-source', "Virtual network 'dmz' : NAT", page('network-tab'));
  await windows.press('check box', 'active', page('network-tab'));
  await details.photograph('edits-adapter');
  await details.apply(
    'another network, and no link',
    ({ adapters }) => leadsTo(adapters[0], 'dmz') && adapters[0]?.link === 'down',
  );
  await details.requireContent();
});

/** As the list calls it. */
function adapterRow(name: string): string {
  return `NIC ${vm(name).definition.hardware.adapters[0]?.mac.slice(-9)}`;
}

function leadsTo(adapter: Adapter | undefined, network: string): boolean {
  const id = stage().coordinator.inventory.find('network', network)?.id;
  return adapter?.attachment.kind === 'network' && adapter.attachment.network === id;
}
