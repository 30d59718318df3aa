/** What work on disk files of a host lets be chosen of the files it makes and keeps. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { diskWorkSchema } from '#api';
import { checksumDisk, hostStore, openDisk } from '#disk';
import { isFault, miB, type FaultCode } from '#lib';
import { noUploads } from './testing.ts';
import { DiskWorks } from './works.ts';

describe('what is chosen of disk files', () => {
  let folder = '';
  let works: DiskWorks;
  const { signal } = new AbortController();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dw-'));
    works = new DiskWorks({
      folders: { listed: () => [folder], parents: () => [folder] },
      recordFolder: join(folder, 'records'),
      keepFreeBytes: () => 0,
      uploads: noUploads,
    });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const at = (name: string): string => join(folder, name);
  async function perform(input: object): Promise<Record<string, unknown>> {
    const work = diskWorkSchema.parse(input);
    await works.plan(work, [], signal);
    const doing = { signal, progress: () => undefined };
    return { ...(await works.perform({ id: crypto.randomUUID(), work, again: false }, [], doing)) };
  }
  const refused = (input: object, code: FaultCode): Promise<void> =>
    assert.rejects(perform(input), (error) => isFault(error, code));
  async function write(name: string, byte: number, offset: number): Promise<void> {
    const store = hostStore([folder]);
    await using disk = await openDisk({ path: at(name), store, access: 'write' });
    await disk.write(Buffer.alloc(4096, byte), offset);
  }
  async function content(name: string): Promise<string> {
    await using disk = await openDisk({ path: at(name), store: hostStore([folder]) });
    return await checksumDisk(disk);
  }

  test('kinds, units of allocation, sectors and methods are those asked for, and what contradicts itself is refused', async () => {
    const fields = async (name: string): Promise<Readonly<Record<string, unknown>>> => {
      await using disk = await openDisk({ path: at(name), store: hostStore([folder]) });
      const { blockBytes, sectorBytes, layer } = disk;
      const { variant, fields: more } = layer.describe();
      const parentFormat = layer.parentReference?.format;
      return { variant, blockBytes, sectorBytes, parentFormat, compression: more['compression'] };
    };
    const small = { verb: 'create', sizeBytes: miB, format: 'qcow2', blockBytes: 4096 } as const;
    await perform({ ...small, file: at('a.qcow2'), variant: 'v2' });
    assert.partialDeepStrictEqual(await fields('a.qcow2'), { variant: 'v2', blockBytes: 4096 });
    await perform({ ...small, file: at('z.qcow2'), compression: 'zstd' });
    assert.equal((await fields('z.qcow2'))['compression'], 'zstd');
    await write('a.qcow2', 7, 8192);
    const file = at('a.qcow2');
    const seen = await content('a.qcow2');
    const stream = { format: 'vmdk', variant: 'streamOptimized' } as const;
    await perform({ verb: 'convert', file, target: at('s.vmdk'), ...stream });
    assert.equal((await fields('s.vmdk'))['variant'], 'streamOptimized');
    assert.equal(await content('s.vmdk'), seen);
    const sectors = { format: 'vhdx', sectorBytes: 4096, blockBytes: 8 * miB } as const;
    await perform({ verb: 'repair', file, target: at('r.vhdx'), ...sectors });
    assert.partialDeepStrictEqual(await fields('r.vhdx'), {
      sectorBytes: 4096,
      blockBytes: 8 * miB,
    });
    assert.equal(await content('r.vhdx'), seen);
    const over = { verb: 'create-child', parent: file, format: 'qcow2' } as const;
    const asRaw = { ...over, parentFormat: 'raw', blockBytes: 32_768 };
    await perform({ ...asRaw, file: at('c.qcow2') });
    assert.partialDeepStrictEqual(await fields('c.qcow2'), {
      parentFormat: 'raw',
      blockBytes: 32_768,
    });
    const other = at('s.vmdk');
    const compared = { verb: 'compare', file, other, otherFormat: 'raw' } as const;
    assert.equal((await perform(compared))['isEqual'], false, 'the file, not the disk in it');
    await refused({ ...small, file: at('x.vmdk'), ...stream, allocation: 'fixed' }, 'invalid');
    await refused({ ...small, file: at('x.vhd'), format: 'vhd', variant: 'v2' }, 'unsupported');
    await refused(
      { ...small, file: at('x.vmdk'), format: 'vmdk', variant: 'monolithicFlat' },
      'unsupported',
    );
    assert.ok(!existsSync(at('x.vmdk')) && !existsSync(at('x.vhd')));
  });

  test('a child whose changes were committed may be kept, and its parent is protected for it', async () => {
    const [format, base] = ['qcow2', at('base.qcow2')];
    await perform({ verb: 'create', file: base, format, sizeBytes: miB });
    await perform({ verb: 'create-child', file: at('top.qcow2'), parent: base, format });
    await write('top.qcow2', 3, 65_536);
    const seen = await content('top.qcow2');
    await perform({ verb: 'commit', file: at('top.qcow2'), child: 'keep' });
    assert.equal(await content('top.qcow2'), seen);
    assert.equal(await content('base.qcow2'), seen);
    assert.equal(statSync(at('base.qcow2')).mode & 0o222, 0);
    await perform({ verb: 'commit', file: at('top.qcow2') });
    assert.deepEqual(
      readdirSync(folder).filter((name) => name !== 'records'),
      ['base.qcow2'],
    );
  });
});
