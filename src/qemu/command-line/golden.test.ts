/**
 * The golden files of test/golden/qemu: a machine specification each, and the argv it gives. The second
 * half shows the argvs to a real QEMU, with the paths moved to a temporary folder.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  emulatorOf,
  RunningProgram,
  startQemu,
  TemporaryFolder,
  withoutProgram,
  withoutQemu,
} from '../testing/real-qemu.ts';
import { buildCommandLine } from './build.ts';
import type { MachineSpec } from './spec.ts';
import { shareLinkPath } from './shares.ts';
import { imageChain } from './storage.ts';

const folder = join(import.meta.dirname, '../../../test/golden/qemu');
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''));

function readCase(name: string): MachineSpec {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as MachineSpec;
}

void test('there are at least thirty golden machines', () => {
  assert.ok(cases.length >= 30);
});

for (const name of cases) {
  void test(`the argv of ${name} is the golden one`, () => {
    const golden = readFileSync(join(folder, `${name}.args`), 'utf8')
      .trimEnd()
      .split('\n');
    assert.deepEqual(buildCommandLine(readCase(name)), golden);
  });
}

/** Why a golden machine cannot run here; the rest must. */
const needsHardware: Readonly<Record<string, string>> = {
  'classic-host-devices': 'needs serial, parallel, floppy and CD hardware',
  tap: 'needs tap interfaces',
};

const firmwareFolder = '/usr/share/OVMF';
const armFirmware = '/usr/share/AAVMF/AAVMF_CODE.fd';
const swtpmMissing = withoutProgram('swtpm');

function reasonToSkip(name: string, spec: MachineSpec): string | false {
  if (spec.chipset === 'virt') {
    const missing = withoutProgram(emulatorOf('virt'));
    if (missing !== false) return missing;
    if (!existsSync(armFirmware)) return 'AAVMF is not installed';
  } else {
    if (withoutQemu !== false) return withoutQemu;
    if (spec.firmware.kind === 'uefi' && !existsSync(firmwareFolder))
      return 'OVMF is not installed';
  }
  if (spec.tpm && swtpmMissing !== false) return swtpmMissing;
  return needsHardware[name] ?? false;
}

for (const name of cases) {
  const spec = readCase(name);
  void test(
    `a real QEMU takes the argv of ${name}`,
    { skip: reasonToSkip(name, spec) },
    async () => {
      await using stack = new AsyncDisposableStack();
      const place = stack.use(await TemporaryFolder.make());
      const moved = await settle(spec, place, stack);
      const argv = buildCommandLine(moved);
      const extra = moved.start === 'hold' || moved.stateFrom === 'incoming' ? [] : ['-S'];
      const qemu = stack.use(
        await startQemu([...argv, ...extra], moved.monitorSocketPath, {
          program: emulatorOf(moved.chipset),
        }),
      );
      const status = (await qemu.qmp.execute('query-status')) as { status: string };
      assert.equal(status.status, moved.stateFrom === 'incoming' ? 'inmigrate' : 'prelaunch');
      const named = await qemu.qmp.execute('query-name');
      assert.deepEqual(named, { name: spec.name });
      const peripherals = (await qemu.qmp.execute('qom-list', { path: '/machine/peripheral' })) as {
        name: string;
      }[];
      const ids = new Set(peripherals.map((entry) => entry.name));
      for (const device of [...spec.disks, ...spec.opticalDrives, ...spec.adapters]) {
        assert.ok(ids.has(device.id), `${device.id} is a device of QEMU`);
      }
      await qemu.qmp.execute('quit');
      assert.equal(await qemu.program.end(), 0, qemu.program.output);
    },
  );
}

/** The specification with its paths in the folder and everything there that it names. */
async function settle(
  spec: MachineSpec,
  place: TemporaryFolder,
  stack: AsyncDisposableStack,
): Promise<MachineSpec> {
  const secure = spec.firmware.kind === 'uefi' && spec.firmware.secureBoot === 'required';
  const text = JSON.stringify(spec)
    .replaceAll('"/vm/', `"${place.path}/`)
    .replaceAll('"/pool/', `"${place.path}/pool/`)
    .replaceAll('/firmware/code-aarch64.fd', armFirmware)
    .replaceAll('"/firmware/', `"${firmwareFolder}/`)
    .replaceAll('code-secure.fd', 'OVMF_CODE_4M.ms.fd')
    .replaceAll('code.fd', 'OVMF_CODE_4M.fd')
    .replaceAll('"acceleration":"kvm"', '"acceleration":"tcg"')
    .replaceAll('"hostPort":42022', `"hostPort":${await freePort()}`)
    .replaceAll('"hostPort":42053', `"hostPort":${await freePort()}`);
  const moved = JSON.parse(text) as MachineSpec;
  mkdirSync(place.file('pool'));
  mkdirSync(place.file('tftp'));
  if (moved.firmware.kind === 'uefi') {
    const template = secure ? 'OVMF_VARS_4M.ms.fd' : 'OVMF_VARS_4M.fd';
    const templatePath =
      moved.chipset === 'virt'
        ? armFirmware.replace('CODE', 'VARS')
        : join(firmwareFolder, template);
    copyFileSync(templatePath, moved.firmware.varsPath);
  }
  for (const drive of [...moved.opticalDrives, ...(moved.floppyDrive ? [moved.floppyDrive] : [])]) {
    if (drive.medium) makeBlank(drive.medium.path, 1_474_560);
  }
  for (const { content } of moved.firmwareEntries ?? []) {
    if (content.kind === 'file') writeFileSync(content.path, 'more');
  }
  const { shares } = moved;
  if (shares) {
    mkdirSync(shares.linksPath);
    for (const share of shares.folders) symlinkSync(place.path, shareLinkPath(shares, share));
  }
  await makeImages(moved, stack);
  if (moved.tpm) await startTpm(moved.tpm.socketPath, place, stack);
  return moved;
}

async function makeImages(spec: MachineSpec, stack: AsyncDisposableStack): Promise<void> {
  for (const disk of spec.disks) {
    const chain = imageChain(disk.image).toReversed();
    let below: { path: string; format: string } | undefined;
    for (const { source, format } of chain) {
      if (source.kind === 'nbd') {
        await serveNbd(source.socketPath, source.exportName, stack);
        continue;
      }
      const backing = below ? ['-b', below.path, '-F', below.format] : [];
      const size = below ? [] : ['8M'];
      execFileSync('qemu-img', ['create', '-q', '-f', format, ...backing, source.path, ...size]);
      below = { path: source.path, format };
    }
  }
}

async function serveNbd(
  socketPath: string,
  name: string,
  stack: AsyncDisposableStack,
): Promise<void> {
  const image = `${socketPath}.raw`;
  makeBlank(image, 1_048_576);
  const args = ['-k', socketPath, '-x', name, '-f', 'raw', '-r', '-t', '-e', '4', image];
  stack.use(new RunningProgram('qemu-nbd', args));
  await fileAppears(socketPath);
}

async function startTpm(
  socketPath: string,
  place: TemporaryFolder,
  stack: AsyncDisposableStack,
): Promise<void> {
  const args = [
    'socket',
    '--tpm2',
    '--tpmstate',
    `dir=${place.path}`,
    '--ctrl',
    `type=unixio,path=${socketPath}`,
  ];
  stack.use(new RunningProgram('swtpm', args));
  await fileAppears(socketPath);
}

function makeBlank(path: string, sizeBytes: number): void {
  writeFileSync(path, '');
  truncateSync(path, sizeBytes);
}

async function fileAppears(path: string): Promise<void> {
  for (let tries = 0; !existsSync(path); tries += 1) {
    assert.ok(tries < 500, `${path} does not appear`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}
