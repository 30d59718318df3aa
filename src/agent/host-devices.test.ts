/** Devices and media that a vm wants of a real host and cannot have, and what the log then tells. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { VmDefinition } from '#api';
import { bareDefinition, byTester, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

/** A terminal that ends with its program: a device of the host that can be taken away. */
async function openTerminal(): Promise<{ readonly path: string; readonly program: ChildProcess }> {
  const program = spawn('script', ['-qc', 'tty; exec cat', '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let said = '';
  for await (const chunk of program.stdout) {
    said += String(chunk);
    const path = /^(\/dev\/pts\/\d+)\r?\n/.exec(said)?.[1];
    if (path !== undefined) return { path, program };
  }
  throw new Error(`no terminal: ${said}`);
}

describe('devices of a real host', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  /** What was told of the vm, without what belongs to every start. */
  const told = (id: string, prefix: string): [string, unknown][] =>
    agent.host.events
      .filter((event) => event.vmId === id && event.name.startsWith(prefix))
      .map(({ name, attributes }) => [name, attributes]);

  const withFloppy = (file: string | null): VmDefinition =>
    bareDefinition({
      machine: 'pc',
      opticalDrives: [],
      floppy: { medium: file === null ? null : { kind: 'file', file }, readOnly: true },
    });

  test('HW-45 a floppy that cannot be mounted and one whose format is wrong are two different events', async () => {
    const missing = join(agent.shelf, 'gone.img');
    const malformed = join(agent.shelf, 'letter.img');
    writeFileSync(malformed, 'this is no floppy', { mode: 0o644 });
    const expected = (id: string): [string, string][] =>
      told(id, 'vm.floppy').map(([name, attributes]) => [
        name,
        (attributes as { file: string }).file,
      ]);
    const id = await agent.create(withFloppy(null));
    await agent.act(id, 'turn-on');
    const insert = (file: string): Promise<unknown> =>
      agent.host.call('machine.medium', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        place: 'floppy',
        medium: { kind: 'file', file },
        tray: 'ask',
        path: null,
      });
    await assert.rejects(insert(missing), /is not there/);
    await assert.rejects(insert(malformed), /malformed: it has 17 bytes/);
    await agent.untilEvent('vm.floppy.format-invalid', id);
    await agent.act(id, 'turn-off');
    assert.deepEqual(expected(id), [
      ['vm.floppy.mount-failed', missing],
      ['vm.floppy.format-invalid', malformed],
    ]);
    for (const [file, code, event] of [
      [missing, 'medium-missing', 'vm.floppy.mount-failed'],
      [malformed, 'medium-malformed', 'vm.floppy.format-invalid'],
    ] as const) {
      const started = await agent.create(withFloppy(file));
      assert.deepEqual(await agent.blockedCodes(started), [code]);
      await agent.untilEvent(event, started);
      assert.deepEqual(expected(started), [[event, file]]);
    }
  });

  test('HW-50 a device that is not there at start, or lost while running, is told with vm, device and host path', async () => {
    const absent = await agent.create(
      bareDefinition({ serialPorts: [{ kind: 'device', device: '/dev/ttyNONE' }] }),
    );
    assert.deepEqual(await agent.blockedCodes(absent), ['device-missing']);
    const name = 'vm.device-not-available';
    const at = { device: 'COM1', hostPath: '/dev/ttyNONE' };
    await agent.untilEvent(name, absent);
    assert.deepEqual(told(absent, 'vm.device'), [[name, at]]);

    const { path, program } = await openTerminal();
    try {
      chmodSync(path, 0o666);
      const id = await agent.create(
        bareDefinition({ serialPorts: [{ kind: 'none' }, { kind: 'device', device: path }] }),
      );
      await agent.act(id, 'turn-on');
      assert.deepEqual(told(id, 'vm.device'), []);
      program.kill('SIGKILL');
      await once(program, 'close');
      await agent.untilEvent(name, id);
      assert.deepEqual(told(id, 'vm.device'), [[name, { device: 'COM2', hostPath: path }]]);
      assert.equal(agent.host.reports.get(id)?.state, 'running', 'it goes on without the device');
      await agent.act(id, 'turn-off');
    } finally {
      program.kill('SIGKILL');
    }
  });
});
