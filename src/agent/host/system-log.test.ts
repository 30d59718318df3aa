/** The log of the operating system as its programs write it, at a socket that listens like one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, withDeadline } from '#lib';
import { silentLog } from '#log';
import { SystemLog } from './system-log.ts';

const skip = spawnSync('logger', ['--version']).error ? 'logger is not installed' : false;

test(
  'HOST-62 EVT-06 an event is one line with its number and severity, whatever its values hold',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gl-'));
    const socket = join(folder, 'log');
    const server = createServer().listen(socket);
    try {
      await once(server, 'listening');
      const connected = once(server, 'connection');
      {
        const systemLog = SystemLog.open({ clock: systemClock, log: silentLog, socket });
        assert.ok(systemLog !== undefined);
        await using _ = systemLog;
        systemLog.write('vm.state.powered-off', { cause: 'guest' }, 'web-1');
        const attributes = { reason: 'signal SIGSEGV\n<24>forged: line', log: '' };
        systemLog.write('vm.crashed', attributes, 'web-2');
      }
      const [peer] = (await connected) as [Socket];
      let text = '';
      peer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await withDeadline('the end of the lines', 10_000, undefined, () => once(peer, 'end'));
      const lines = text.split(/[\0\n]/).filter((line) => line !== '');
      assert.equal(lines.length, 2, text);
      assert.match(
        lines[0] ?? '',
        /^<30>.* gantry: GANTRY-1010 Virtual machine web-1 is off: guest \(vm\.state\.powered-off\)$/,
      );
      assert.match(
        lines[1] ?? '',
        /^<27>.*GANTRY-\d+ .*web-2.*SIGSEGV <24>forged: line \(vm\.crashed\)$/,
      );
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  },
);

test(
  'a system without a log is left alone, and one that takes nothing holds nobody up',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gl-'));
    const socket = join(folder, 'log');
    try {
      assert.equal(SystemLog.open({ clock: systemClock, log: silentLog, socket }), undefined);
      const server = createServer().listen(socket);
      await once(server, 'listening');
      const systemLog = SystemLog.open({ clock: systemClock, log: silentLog, socket });
      assert.ok(systemLog !== undefined);
      server.close();
      await rm(socket, { force: true });
      assert.equal(systemLog.problem, undefined);
      for (let count = 0; count < 10_000; count += 1) systemLog.write('host.started', {}, 'h1');
      const isTold = async (): Promise<void> => {
        while (systemLog.problem === undefined) await systemClock.sleep(20);
      };
      await withDeadline('it is known that events do not reach the log', 10_000, undefined, isTold);
      assert.match(systemLog.problem ?? '', /logger ended/);
      await systemLog[Symbol.asyncDispose]();
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
