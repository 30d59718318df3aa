/** The network ports of an installation with a real vm, as its command lists them, the machine has them and the manual names them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Vm } from '#api';
import { findProgram } from '../../src/cli/system/processes.ts';
import { portPurposes, type PortFinding } from '../../src/cli/system/ports.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const manual = fileURLToPath(new URL('../../docs/manual/operators/security.md', import.meta.url));
const missing = ['qemu-system-x86_64', 'ss'].find((program) => spawnSync(program, ['-V']).error);
const skip = missing === undefined ? false : `${missing} is not installed`;

let gantry: Gantry;
before(async () => {
  if (skip !== false) return;
  gantry = await newGantry();
  await gantry.must('up', '--no-vm', '--no-install', '--yes', '--listen', gantry.listen);
});
after(async () => {
  await gantry?.[Symbol.asyncDispose]();
});

/** Ports that processes of this installation listen on, by what is in their command lines. */
function listening(): readonly number[] {
  const { stdout } = spawnSync('ss', ['-Hlntup'], { encoding: 'utf8' });
  const ports = stdout.split('\n').flatMap((line) => {
    const pid = /pid=(\d+)/.exec(line)?.[1];
    const port = /\S*:(\d+)\s+\S+:\*/.exec(line)?.[1];
    if (pid === undefined || port === undefined) return [];
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text.includes(gantry.data) ? [Number(port)] : [];
  });
  return [...new Set(ports)].sort((one, other) => one - other);
}

void test(
  'SEC-70 SEC-17 every port is listed with direction, purpose and encryption by a command that tests it, and in the manual',
  { skip },
  async () => {
    const client = gantry.client();
    const forwards = (['tcp', 'udp'] as const).map((protocol, index) => {
      return { protocol, hostPort: 0, guestPort: 80 + index };
    });
    const body = { name: 'open', memoryBytes: 64 * 1024 * 1024, forwards, start: true } as const;
    const created = await client.call('vm.create', { body: { ...body, network: 'user' } });
    assert.equal((await client.wait(created)).state, 'done');
    const [vm] = await gantry.json<Vm[]>('vm', 'list');
    assert.equal(vm?.status.forwards.length, 2);

    const findings = await gantry.json<PortFinding[]>('system', 'ports');
    const told = findings.map(({ direction, purpose, encryption, protocol, result }) =>
      [direction, protocol, purpose, encryption, result].join(' | '),
    );
    assert.deepEqual(told, [
      `in | tcp | ${portPurposes.coordinator} | TLSv1.3 | ok`,
      `out | tcp | ${portPurposes.link} | TLS with certificates of both sides | ok`,
      "in | tcp | into a guest: port 80 of vm open | the guest's own | ok",
      "in | udp | into a guest: port 81 of vm open | the guest's own | ok",
    ]);
    const inward = findings.filter(({ direction }) => direction === 'in').map(({ port }) => port);
    assert.deepEqual(
      inward.toSorted((one, other) => one - other),
      listening(),
      'what the machine knows',
    );
    const own = `:${gantry.listen.split(':')[1]} `;
    const { stdout: bound } = spawnSync('ss', ['-Hlnt'], { encoding: 'utf8' });
    const addresses = bound.split('\n').filter((line) => line.includes(own));
    assert.equal(addresses.length, 1);
    assert.ok(addresses[0]?.includes(` ${gantry.listen} `), 'on the chosen address alone');
    const text = readFileSync(manual, 'utf8').replaceAll('`', '');
    for (const purpose of Object.values(portPurposes))
      assert.ok(text.includes(`| ${purpose} |`), purpose);

    const away = await gantry.run(['system', 'ports', '--server', client.server]);
    assert.notEqual(away.code, 0, 'without a token');
    const agent = findProgram(gantry.installation, 'agent');
    assert.ok(agent !== undefined);
    process.kill(agent, 'SIGKILL');
    for (;;) {
      const { code, out } = await gantry.run(['system', 'ports', '-o', 'csv']);
      if (code === 0) continue;
      assert.equal(code, 20);
      assert.match(out, /the link and streams,.*,failed,/);
      break;
    }
  },
);
