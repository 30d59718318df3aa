/** Guests of different operating systems, some of them several times, at once on one real host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema, type Hardware } from '#api';
import { giB, miB } from '#lib';
import { buildImage, type BuiltImage } from '#images';
import { QemuAgent, starterImage, withoutQemu } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
const bootMs = 900_000;

async function start(
  agent: QemuAgent,
  name: string,
  hardware: Partial<Hardware>,
  image?: BuiltImage,
): Promise<{ readonly id: string; readonly serial: SerialSession }> {
  const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: 8 * giB } as const;
  const disks = image === undefined ? [] : [{ ...disk, bus: 'virtio', position: 0 }];
  const definition = vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: { ...profiles.modern.hardware, disks, ...hardware },
  });
  const source = { ...disk, kind: 'image', imageFormat: 'qcow2' } as const;
  const sources = image === undefined ? [] : [{ ...source, imagePath: image.path }];
  const id = await agent.create(definition, sources);
  await agent.act(id, 'hold');
  const serial = await SerialSession.open(agent, id, 'serial1');
  await agent.act(id, 'release');
  return { id, serial };
}

test(
  'VM-23 the same guest runs in several vms of a host, beside others: two starters, two Debians, a UEFI shell',
  { skip: withoutQemu },
  async () => {
    const starter = await starterImage();
    const debian = await buildImage({ kind: 'debian', cacheDir });
    await using agent = await QemuAgent.start();
    const small = { memory: { sizeBytes: 256 * miB, maxBytes: null } };
    const large = { memory: { sizeBytes: 768 * miB, maxBytes: null } };
    const firmware = { ...profiles.modern.hardware.firmware, type: 'uefi' } as const;
    const shell = await start(agent, 'shell', { ...small, firmware });
    const same = [
      await start(agent, 'starter-1', small, starter),
      await start(agent, 'starter-2', small, starter),
      await start(agent, 'debian-1', large, debian),
      await start(agent, 'debian-2', large, debian),
    ];
    await shell.serial.until(/Shell> /, bootMs);
    const systems = await Promise.all(
      same.map(async ({ id }) => {
        const told = await agent.untilSample(
          id,
          'what it is',
          ({ heartbeat, guest }) => heartbeat.state === 'good' && guest?.osName !== undefined,
          bootMs,
        );
        return told.guest?.osName?.replace(/.*(starter|Debian).*/, '$1');
      }),
    );
    assert.deepEqual(systems, ['starter', 'starter', 'Debian', 'Debian']);
    // All at once, none at the cost of another: each still answers.
    shell.serial.text = '';
    shell.serial.write('ver\r');
    await shell.serial.until(/UEFI v2\.\d+/);
    const all = [shell, ...same];
    assert.equal(new Set(all.map(({ id }) => agent.pid(id))).size, all.length);
    for (const { id, serial } of all) {
      assert.equal(agent.host.reports.get(id)?.state, 'running');
      serial.close();
    }
  },
);
