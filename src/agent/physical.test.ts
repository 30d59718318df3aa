/** A vm as tools made for physical machines meet it: its buttons, its network card, its firmware tables. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { plainPort } from '#api';
import type { Hardware } from '#api';
import { isFault } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

/**
 * A boot sector that says B on COM1 and then P whenever the power button is pressed: bit 8 of the PM1
 * enable and status registers (ACPI 6.5, 4.8.3.1), which SeaBIOS puts at ports 602h and 600h. Its handler of interrupt 2, which is
 * that no guest can mask, says N.
 */
const buttonWatcher = Buffer.from(
  '31c08ed8c7060800377cc7060a000000ba0206b80001efb042e81600ba0006eda9000174fab80001efb05052' +
    'e803005aebedbaf803eec35052baf803b04eee5a58cf',
  'hex',
);

/** A boot sector that says B on COM1, and resets the machine through port CF9h when it hears something there. */
const restarter = Buffer.from('31c08ed8baf803b042eebafd03eca80174fbbaf90cb006eeebfe', 'hex');

describe('a vm as a physical machine', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  for (const [machine, bus] of [
    ['pc', 'ide'],
    ['q35', 'sata'],
  ] as const)
    test(`HW-48 on ${machine} power button and reset line reach the machine, and the interrupt that none masks`, async () => {
      const file = join(agent.shelf, `${machine}.raw`);
      const sector = Buffer.alloc(1024 * 1024);
      buttonWatcher.copy(sector);
      sector.writeUInt16LE(0xaa55, 510);
      writeFileSync(file, sector);
      const disk = { ...testDisk(file), bus, format: 'raw', sizeBytes: sector.length } as const;
      const id = await agent.create(bareDefinition({ machine, disks: [disk], opticalDrives: [] }));
      await agent.act(id, 'hold');
      const port = await SerialSession.open(agent, id, 'serial1');
      await agent.act(id, 'release');
      await port.until(/B$/, 20_000);
      await assert.rejects(
        agent.act(id, 'power-button', { timeoutSeconds: 1, onTimeout: 'fail' }),
        (error) => isFault(error, 'timeout'),
      );
      await port.until(/BP$/, 20_000);
      await agent.act(id, 'nmi');
      await port.until(/BPN$/, 20_000);
      await agent.untilEvent('vm.nmi.injected', id);
      await agent.act(id, 'reset');
      await port.until(/BPNB$/, 20_000);
      assert.ok(agent.events(id).includes('vm.state.reset'));
      await agent.act(id, 'turn-off');
    });

  for (const [machine, bus] of [
    ['pc', 'ide'],
    ['q35', 'sata'],
  ] as const)
    test(`a guest on ${machine} that restarts itself ends its vm where that is set, from the next start on; people reset it all the same`, async () => {
      const file = join(agent.shelf, `restarter-${machine}.raw`);
      const sector = Buffer.alloc(1024 * 1024);
      restarter.copy(sector);
      sector.writeUInt16LE(0xaa55, 510);
      writeFileSync(file, sector);
      const disk = { ...testDisk(file), bus, format: 'raw', sizeBytes: sector.length } as const;
      const definition = bareDefinition({ machine, disks: [disk], opticalDrives: [] });
      const { settings } = definition;
      const id = await agent.create(definition);
      const begin = async (): Promise<SerialSession> => {
        await agent.act(id, 'hold');
        const port = await SerialSession.open(agent, id, 'serial1');
        await agent.act(id, 'release');
        await port.until(/^B$/, 20_000);
        return port;
      };
      const before = await begin();
      const { report } = await agent.host.call('machine.configure', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        definition: { ...definition, settings: { ...settings, onGuestReboot: 'turn-off' } },
        definitionVersion: 2,
      });
      assert.deepEqual(report.pending, ['settings/on_guest_reboot']);
      before.write('x');
      await before.until(/^BB$/, 20_000);
      await agent.act(id, 'turn-off');
      const after = await begin();
      await agent.act(id, 'reset');
      await after.until(/^BB$/, 20_000);
      assert.equal(agent.host.reports.get(id)?.state, 'running');
      const off = agent.until(id, 'off');
      const isOff = (): boolean => agent.host.reports.get(id)?.state === 'off';
      // What restarts in the first moment after a reset is taken for the firmware.
      for (let count = 3; !isOff(); count += 1) {
        after.write('x');
        const again = after.until(new RegExp(`^B{${count}}$`), 3_000).catch(() => undefined);
        await Promise.race([off, again]);
      }
      const end = agent.host.events.findLast(({ name }) => name === 'vm.state.powered-off');
      assert.deepEqual(end?.attributes, { cause: 'guest' });
      assert.equal(agent.host.reports.get(id)?.lastFault, null);
    });

  test('HW-38 HW-36 a guest is booted over the network, from the adapter that was chosen, and inventoried without an agent, as a physical machine is', async () => {
    const server = createServer((request, response) => {
      asked.resolve(new URL(request.url ?? '/', 'http://inventory').searchParams);
      response.end('known');
    });
    const asked = Promise.withResolvers<URLSearchParams>();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const folder = join(agent.shelf, 'netboot');
    mkdirSync(folder, { mode: 0o755 });
    // Texts may hold spaces; the rest iPXE writes by itself in a form that an address can hold.
    const texts = ['serial', 'asset', 'board-serial', 'manufacturer', 'product'];
    const query = [
      'uuid=${uuid}',
      'mac=${mac}',
      ...texts.map((name) => `${name}=\${${name}:uristring}`),
    ].join('&');
    const script = join(folder, 'inventory.ipxe');
    writeFileSync(script, `#!ipxe\nimgfetch http://10.0.2.2:${port}/inventory?${query}\n`);
    chmodSync(script, 0o644);
    const number = '0544-5904-3417-7151-3013-2390-69';
    const mac = '52:47:59:00:00:36';
    const bios: Hardware['bios'] = {
      chassis: { assetTag: 'rack-7', serialNumber: number },
      baseBoard: { serialNumber: 'board-9' },
    };
    const adapter = (
      slot: number,
      address: string,
      bootFile: string | null,
    ): Hardware['adapters'][number] => ({
      slot,
      model: 'virtio',
      mac: address,
      macMode: 'static',
      link: 'up',
      optional: false,
      ...plainPort,
      attachment: { kind: 'user', restrict: false, forwards: [], bootFile },
    });
    const definition = bareDefinition({
      opticalDrives: [],
      firmware: { type: 'bios', secureBoot: false, bootOrder: ['network'], bootOnce: null },
      bios,
      memory: { sizeBytes: 64 * 1024 * 1024, maxBytes: null },
      adapters: [
        adapter(0, '52:47:59:00:00:35', null),
        adapter(1, mac, script),
        adapter(2, '52:47:59:00:00:37', null),
      ],
    });
    const id = await agent.create(definition);
    try {
      await agent.act(id, 'turn-on');
      const seen = await asked.promise;
      assert.deepEqual(Object.fromEntries(seen), {
        uuid: definition.id,
        serial: number,
        asset: 'rack-7',
        'board-serial': 'board-9',
        manufacturer: 'Gantry',
        product: 'Virtual Machine',
        mac,
      });
    } finally {
      server.close();
      await agent.act(id, 'turn-off');
    }
  });

  test('a boot file is served from a folder that vms may use and that is not that of the vm', async () => {
    const inVm = await agent.create(withBootFile('boot.ipxe'));
    writeFileSync(join(agent.folder(inVm), 'boot.ipxe'), '#!ipxe\n');
    assert.deepEqual(await agent.blockedCodes(inVm), ['boot-file-place']);
    for (const [file, code] of [
      ['/etc/hostname', 'boot-file-outside'],
      [join(agent.shelf, 'netboot', 'gone.ipxe'), 'boot-file-missing'],
    ] as const)
      assert.deepEqual(await agent.blockedCodes(await agent.create(withBootFile(file))), [code]);
  });
});

function withBootFile(bootFile: string): ReturnType<typeof bareDefinition> {
  return bareDefinition({
    adapters: [
      {
        slot: 0,
        model: 'virtio',
        mac: '52:47:59:00:00:37',
        macMode: 'static',
        link: 'up',
        optional: false,
        ...plainPort,
        attachment: { kind: 'user', restrict: false, forwards: [], bootFile },
      },
    ],
  });
}
