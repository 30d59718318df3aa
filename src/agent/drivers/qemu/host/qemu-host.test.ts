import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#log';
import { findBinaries } from '#qemu';
import { withoutQemu } from '../../../testing/qemu-agent.ts';
import { QemuHost } from './qemu-host.ts';

test(
  'HOST-41 what a kernel could do is not believed of the next one: it is tried again before a vm starts',
  { skip: withoutQemu },
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gq-'));
    try {
      const { qemu = '' } = await findBinaries(process.env['PATH'] ?? '');
      const { size, mtimeMs } = await stat(qemu);
      const binary = `${qemu} ${size} ${mtimeMs}`;
      const path = join(dataDir, 'probe.json');
      const evidence = 'remembered';
      await writeFile(path, JSON.stringify({ bootId: 'one', binary, kvm: 'fails', evidence }));
      const options = { dataDir, log: silentLog, onChange: () => undefined };
      {
        await using same = await QemuHost.look({ ...options, bootId: 'one' });
        assert.equal(same.acceleration.evidence, evidence);
      }
      await using next = await QemuHost.look({ ...options, bootId: 'two' });
      assert.equal(next.acceleration.kvm, 'not-probed', 'an update of the kernel is a new boot');
      const settled = await next.settledAcceleration(AbortSignal.timeout(60_000));
      assert.notEqual(settled.evidence, evidence);
      await next.probeNow();
      const probed = JSON.parse(await readFile(path, 'utf8')) as { bootId: string };
      assert.equal(probed.bootId, 'two');
    } finally {
      await rm(dataDir, { recursive: true });
    }
  },
);

test(
  'a QEMU that gave no account of itself is asked again, and a start that comes meanwhile waits for that',
  { skip: withoutQemu },
  async () => {
    const { qemu = '' } = await findBinaries(process.env['PATH'] ?? '');
    const dataDir = await mkdtemp(join(tmpdir(), 'gq-'));
    const pathBefore = process.env['PATH'];
    try {
      const failed = join(dataDir, 'failed');
      const program = join(dataDir, 'qemu-system-x86_64');
      const script = `#!/bin/sh\n[ -e ${failed} ] || { : >${failed}; exit 1; }\nexec ${qemu} "$@"\n`;
      await writeFile(program, script);
      await chmod(program, 0o755);
      process.env['PATH'] = `${dataDir}:${pathBefore}`;
      const changed = Promise.withResolvers<void>();
      const options = { dataDir, bootId: 'one', log: silentLog, onChange: changed.resolve };
      await using host = await QemuHost.look(options);
      assert.match(host.whyNot ?? '', /ended before it could be asked/);
      const emulator = await host.findEmulator('q35');
      assert.equal(emulator.kind, 'found');
      await changed.promise;
      assert.equal(host.whyNot, undefined);
    } finally {
      process.env['PATH'] = pathBefore;
      await rm(dataDir, { recursive: true });
    }
  },
);
