/** Imports out of archives in the middle of which the agent or the coordinator is killed with -9: they come to their end, and leave nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { vmImportSchema, type Operation } from '#api';
import { miB } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { onIde, putVmx } from './foreign-shelf.ts';
import { ImportRoom } from './import-room.ts';

describe('imports out of archives that are cut off', { skip: withoutQemu }, () => {
  let room: ImportRoom;
  const content = randomBytes(160 * miB);
  before(async () => {
    room = await ImportRoom.open();
    mkdirSync(room.beside('big'));
    writeFileSync(room.beside('big.raw'), content);
    const words = ['--to', 'vmdk'];
    await room.gantry.must(
      'disk',
      'convert',
      room.beside('big.raw'),
      room.beside('big/a.vmdk'),
      ...words,
    );
    putVmx(room.beside('big/big.vmx'), onIde('a.vmdk'));
    execFileSync('tar', ['-czf', 'big.tar.gz', 'big'], { cwd: room.shelf.path });
  });
  after(() => room?.[Symbol.asyncDispose]());

  for (const victim of ['coordinator', 'agent'] as const)
    for (const step of ['unpack', 'import', 'tidy'] as const)
      test(`the ${victim} is killed in the step ${step}`, async () => {
        const { gantry } = room;
        const client = gantry.client();
        const name = `${victim}-${step}`;
        const before = readdirSync(room.shelf.path);
        const body = vmImportSchema.parse({
          file: room.beside('big.tar.gz'),
          name,
          origin: 'copied',
        });
        const started = await client.call('vm.import', { body });
        let raised: Promise<unknown> | undefined;
        const look = ({ steps }: Operation): void => {
          const at = steps.find((one) => one.name === step);
          if (raised !== undefined || at === undefined || at.state === 'waiting') return;
          const pid = findProgram(gantry.installation, victim);
          assert.ok(pid !== undefined);
          process.kill(pid, 'SIGKILL');
          raised = gantry.must('up', '--yes', '--no-vm');
        };
        await client.wait(started, look).catch((error: unknown) => {
          if (raised === undefined) throw error;
        });
        assert.ok(raised !== undefined, 'it was under way');
        await raised;
        const ended = await gantry
          .client()
          .wait(
            await gantry.client().call('operation.show', { params: { operation: started.id } }),
          );
        assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
        assert.equal(ended.result?.['name'], name);
        assert.deepEqual(readdirSync(room.shelf.path), before);
        const { path, definition } = await room.show(name);
        const disk = join(path, definition.hardware.disks[0]?.file ?? '');
        await gantry.must('disk', 'compare', room.beside('big.raw'), disk);
        assert.ok(readFileSync(room.beside('big.raw')).equals(content));
        assert.deepEqual(
          readdirSync(dirname(path)).filter((one) => one.includes(name)),
          [name],
        );
        await room.drop(name);
      });
});
