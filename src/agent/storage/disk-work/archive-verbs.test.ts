/** Archives unpacked as work on disk files: what is held, refused, cut off and taken up again. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { diskWorkSchema } from '#api';
import { isFault, miB, type FaultCode } from '#lib';
import { newMachineFile, type MachineFile } from '../../machine/record.ts';
import { bareDefinition } from '../../testing/qemu-agent.ts';
import { Uploads } from '../uploads/uploads.ts';
import { worksIn } from './testing.ts';

describe('work on archives', () => {
  let folder = '';
  const machines: MachineFile[] = [];
  const { signal } = new AbortController();
  const at = (...names: string[]): string => join(folder, ...names);
  const content = randomBytes(3 * miB);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'av-'));
    machines.length = 0;
    mkdirSync(at('web'));
    writeFileSync(at('web', 'web.vmx'), 'config');
    writeFileSync(at('web', 'web.vmdk'), content);
    writeFileSync(at('web', 'setup.iso'), content);
    execFileSync('tar', ['-czf', 'web.tar.gz', 'web'], { cwd: folder });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const unpack = { verb: 'unpack', file: 'web.tar.gz', target: 'w' };
  async function perform(
    { file, target, ...rest }: { verb: string; file: string; target?: string; archive?: string },
    { id = crypto.randomUUID(), again = false } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const named = {
      ...rest,
      file: at(file),
      ...(target === undefined ? {} : { target: at(target) }),
    };
    const work = diskWorkSchema.parse(named);
    const works = worksIn(folder);
    if (!again) await works.plan(work, machines, signal);
    const doing = { signal, progress: () => undefined };
    return await works.perform({ id, work, again }, machines, doing);
  }
  const refused = (
    work: Parameters<typeof perform>[0],
    code: FaultCode,
    why = /./,
  ): Promise<void> =>
    assert.rejects(perform(work), (error: unknown) => {
      assert.ok(isFault(error, code) && why.test(error.message), String(error));
      return true;
    });
  const files = (): string[] =>
    readdirSync(folder)
      .filter((name) => name !== 'records')
      .sort();

  test('an archive becomes a folder with its configurations told, and goes only where that is asked for', async () => {
    const answer = { path: at('w'), files: 3, sizeBytes: 6 * miB + 6 };
    const configurations = [at('w', 'web', 'web.vmx')];
    assert.deepEqual(await perform(unpack), { ...answer, configurations });
    assert.deepEqual(files(), ['w', 'web', 'web.tar.gz']);
    await refused(unpack, 'exists');
    const id = crypto.randomUUID();
    const last = { ...unpack, target: 'last', archive: 'delete' };
    const made = await perform(last, { id });
    assert.deepEqual(files(), ['last', 'w', 'web']);
    assert.deepEqual(await perform(last, { id, again: true }), made);
    await refused(last, 'not-found');
  });

  test('an agent that is killed while it unpacks leaves nothing but the archive, and the next one does it', async () => {
    const id = crypto.randomUUID();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'testing.ts'), folder, id, at('web.tar.gz'), at('w')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.equal(existsSync(at('w')), false);
    const rests = files().filter((name) => name.startsWith('.'));
    assert.equal(rests.length, 1, 'it was at it');
    const before = readFileSync(at('web.tar.gz'));
    await worksIn(folder).stop(crypto.randomUUID());
    assert.deepEqual(files(), ['web', 'web.tar.gz']);
    await perform(unpack, { id, again: true });
    assert.deepEqual(files(), ['w', 'web', 'web.tar.gz']);
    assert.ok(readFileSync(at('w', 'web', 'web.vmdk')).equals(content));
    assert.ok(readFileSync(at('web.tar.gz')).equals(before));
  });

  test('an archive that has come by an upload is unpacked without a name, and stays an upload until it is to go', async () => {
    const uploads = new Uploads({
      folders: { listed: () => [folder], parents: () => [folder] },
      baseFolder: () => folder,
      recordFolder: at('records', 'uploads'),
      space: { keepFreeBytes: () => 0 },
    });
    const archive = readFileSync(at('web.tar.gz'));
    const begin = async (
      file: string,
      more: { packing?: 'gzip'; sizeBytes?: number } = {},
    ): Promise<string> => {
      const asked = {
        id: crypto.randomUUID(),
        owner: 'ann',
        work: 'do',
        fingerprint: '',
        replaces: false,
      } as const;
      const sent = { packing: 'none', sizeBytes: archive.length, ...more } as const;
      return (await uploads.begin({ ...asked, ...sent, file: at(file) }, machines)).id;
    };
    const take = (id: string, bytes: Buffer): Promise<unknown> =>
      uploads.take(
        id,
        {
          offset: 0,
          sizeBytes: bytes.length,
          open: async () =>
            (async function* () {
              yield bytes;
            })(),
        },
        signal,
      );
    const works = worksIn(folder, uploads);
    const ask = async (more: object): Promise<Readonly<Record<string, unknown>>> => {
      const work = diskWorkSchema.parse({ verb: 'unpack', file: at('s.tar.gz'), ...more });
      await works.plan(work, machines, signal);
      const id = crypto.randomUUID();
      return await works.perform({ id, work, again: false }, machines, {
        signal,
        progress: () => undefined,
      });
    };
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const upload = await begin('s.tar.gz');
    await assert.rejects(ask({ upload, target: at('half') }), /have come/);
    await take(upload, archive);
    const other = { upload, target: at('other'), file: at('t.tar.gz') };
    await assert.rejects(ask(other), /is to become .*s\.tar\.gz, not .*t\.tar\.gz/);
    for (const target of [at('one'), at('two')]) {
      const { configurations } = await ask({ upload, sha256, target });
      assert.deepEqual(configurations, [join(target, 'web', 'web.vmx')]);
      assert.ok(readFileSync(join(target, 'web', 'web.vmdk')).equals(content));
    }
    const [known] = await uploads.list();
    assert.deepEqual([known?.state, known?.receivedBytes], ['open', archive.length]);
    await ask({ upload, target: at('three'), archive: 'delete' });
    assert.deepEqual(await uploads.list(), []);
    assert.deepEqual(files(), ['one', 'three', 'two', 'web', 'web.tar.gz']);

    const torn = await begin('s.tar.gz');
    await take(torn, archive);
    const wrong = { upload: torn, target: at('four'), sha256: sha256.replaceAll(/./g, '0') };
    await assert.rejects(ask(wrong), /what came for .* is not what was to come/);
    assert.deepEqual(await uploads.list(), []);
    const unpacked = await begin('s.tar.gz', { packing: 'gzip' });
    await take(unpacked, archive);
    await assert.rejects(ask({ upload: unpacked, target: at('five') }), /no archive any more/);
  });

  test('a folder that was unpacked goes with what came out of the archive, and no other, nor one that a vm has an image of', async () => {
    await perform(unpack);
    await refused(
      { verb: 'delete-unpacked', file: 'web' },
      'invalid',
      /no folder that was unpacked/,
    );
    const medium = { kind: 'file', file: at('w', 'web', 'setup.iso') } as const;
    const definition = bareDefinition({
      opticalDrives: [{ bus: 'ide', controller: 1, position: 0, medium }],
    });
    const place = { folder: at('vm'), file: at('vm', 'vm.json') };
    machines.push(newMachineFile(definition, 1, place, 0));
    await refused({ verb: 'delete-unpacked', file: 'w' }, 'refused', /setup\.iso: a vm uses it/);
    machines.length = 0;
    writeFileSync(at('w', 'web', 'note'), 'of somebody');
    const remains = await perform({ verb: 'delete-unpacked', file: 'w' });
    assert.deepEqual(remains, { remains: true });
    assert.deepEqual(readdirSync(at('w', 'web')), ['note']);
    await perform({ ...unpack, target: 'v' });
    const id = crypto.randomUUID();
    const gone = { verb: 'delete-unpacked', file: 'v' };
    assert.deepEqual(await perform(gone, { id }), { remains: false });
    assert.deepEqual(await perform(gone, { id, again: true }), { remains: false });
    assert.deepEqual(files(), ['w', 'web', 'web.tar.gz']);
  });
});
