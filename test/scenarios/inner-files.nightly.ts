/** Single files out of snapshots and disk images, and back: what a guest wrote, with the command line. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { InnerFiles, Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { upWithShelf, type Shelf } from '../e2e/shelf.ts';
import { signInAtSerial, type SerialPerson } from '../e2e/serial.ts';

let gantry: Gantry;
let shelf: Shelf;

before(async () => {
  gantry = await newGantry();
  shelf = await upWithShelf(gantry);
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
  shelf?.[Symbol.dispose]();
});

/** Of the starter's disk: behind the one that it boots from. */
const partition = 2;
let turns = 0;

/** In the shell, to its end; answers what it said. */
async function ask(person: SerialPerson, line: string): Promise<string> {
  turns += 1;
  person.forget();
  person.type(`${line}; echo "<""${turns}>"\r`);
  await person.until(new RegExp(`<${turns}>`));
  return person.text;
}

/** What is in a folder of the snapshot. */
async function namesIn(path: string): Promise<readonly string[]> {
  const { folder } = await gantry.client().call('vm.snapshot.files', {
    params: { vm: 'hello', snapshot: 'before' },
    query: { path, partition },
  });
  return (folder?.items ?? []).map(({ name }) => name).toSorted();
}

function words(verb: string, snapshot: string, ...rest: readonly string[]): string[] {
  return ['vm', 'snapshot', verb, 'hello', snapshot, ...rest, '--partition', String(partition)];
}

const inSnapshot = (verb: string, snapshot: string, ...rest: readonly string[]): Promise<string> =>
  gantry.must(...words(verb, snapshot, ...rest));

test('SNAP-15 files inside a snapshot and a disk image are listed, taken out and put back singly, and the vm is not reverted', async () => {
  const mounted = 'until grep -q /data /proc/mounts; do sleep 1; done';
  const shell = await signInAtSerial(gantry, 'hello');
  await ask(shell, `${mounted}; mkdir -p /data/etc; echo first > /data/etc/note; sync`);
  await gantry.must('vm', 'snapshot', 'take', 'hello', 'before');
  await ask(shell, 'echo second > /data/etc/note; echo newer > /data/etc/other; sync');

  // While the vm runs.
  assert.deepEqual(await namesIn('/etc'), ['note']);
  const note = join(shelf.path, 'note');
  await inSnapshot('extract', 'before', '/etc/note', '--to', note);
  assert.equal(readFileSync(note, 'utf8'), 'first\n');
  const tar = join(shelf.path, 'etc.tar');
  await inSnapshot('extract', 'before', '/etc', '--to', tar);
  assert.match(execFileSync('tar', ['-tf', tar], { encoding: 'utf8' }), /note/);
  const refused = await gantry.run(words('restore-file', 'before', '/etc/note'));
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /is running/);

  await gantry.must('vm', 'shutdown', 'hello');
  await shell[Symbol.asyncDispose]();
  await inSnapshot('restore-file', 'before', '/etc/note');
  await gantry.must('vm', 'snapshot', 'take', 'hello', 'after');
  for (const [file, content] of [
    ['note', 'first\n'],
    ['other', 'newer\n'],
  ] as const) {
    const now = join(shelf.path, `${file}.after`);
    await inSnapshot('extract', 'after', `/etc/${file}`, '--to', now);
    assert.equal(readFileSync(now, 'utf8'), content, 'one file is as it was, the other as it is');
  }
  const { id } = await gantry.json<Vm>('vm', 'show', 'hello');
  const { items } = await gantry.client().call('vm.snapshot.list', { params: { vm: id } });
  assert.deepEqual(
    items.map(({ name }) => name),
    ['before', 'after'],
    'the snapshot stays',
  );

  // A folder, from the snapshot and from an image; what came to it since stays.
  await inSnapshot('restore-file', 'before', '/etc');
  await gantry.must('vm', 'snapshot', 'take', 'hello', 'after-folder');
  for (const [file, content] of [
    ['note', 'first\n'],
    ['other', 'newer\n'],
  ] as const) {
    const now = join(shelf.path, `${file}.folder`);
    await inSnapshot('extract', 'after-folder', `/etc/${file}`, '--to', now);
    assert.equal(readFileSync(now, 'utf8'), content);
  }
  await gantry.must('vm', 'snapshot', 'delete', 'hello', 'after-folder', '--yes');

  // A disk image that no vm has.
  const tree = join(shelf.path, 'tree');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/hosts'), 'old\n');
  writeFileSync(join(tree, 'etc/other'), 'stays\n');
  const raw = join(shelf.path, 'image.raw');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, raw, '64M']);
  const image = join(shelf.path, 'image.vhdx');
  execFileSync('qemu-img', ['convert', '-O', 'vhdx', raw, image]);
  const found = await gantry.json<InnerFiles['folder']>(
    'host',
    'disk-files',
    shelf.host,
    image,
    '/etc',
  );
  assert.ok(JSON.stringify(found).includes('hosts'));
  const hosts = join(shelf.path, 'hosts');
  await gantry.must('host', 'extract', shelf.host, image, '/etc/hosts', '--to', hosts);
  assert.equal(readFileSync(hosts, 'utf8'), 'old\n');
  writeFileSync(hosts, 'newer\n');
  await gantry.must('host', 'replace', shelf.host, image, hosts, '/etc/hosts');
  for (const [file, content] of [
    ['hosts', 'newer\n'],
    ['other', 'stays\n'],
  ] as const) {
    const out = join(shelf.path, `${file}.now`);
    await gantry.must('host', 'extract', shelf.host, image, `/etc/${file}`, '--to', out);
    assert.equal(readFileSync(out, 'utf8'), content);
  }
});

test('TPL-28 single files and folders are taken out of an image and put back into the disk of a vm', async () => {
  const tree = join(shelf.path, 'image-tree');
  mkdirSync(join(tree, 'srv/site/deep'), { recursive: true });
  writeFileSync(join(tree, 'srv/site/index'), 'of the image\n');
  writeFileSync(join(tree, 'srv/site/deep/page'), 'of the image\n');
  writeFileSync(join(tree, 'srv/single'), 'of the image\n');
  const raw = join(shelf.path, 'system.raw');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, raw, '64M']);
  const image = join(shelf.path, 'system.qcow2');
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, image]);
  await gantry.must('image', 'add', 'system', image);
  await gantry.must('vm', 'create', 'site', '--image', 'system', '--memory', '64M');
  const { path } = await gantry.json<Vm>('vm', 'show', 'site');
  const disk = join(path, 'site.qcow2');

  // What the vm has made of it.
  const spoilt = join(shelf.path, 'spoilt');
  writeFileSync(spoilt, 'spoilt\n');
  for (const file of ['/srv/site/index', '/srv/site/deep/page', '/srv/site/new', '/srv/single'])
    await gantry.must('disk', 'replace', disk, spoilt, file);

  const archive = join(shelf.path, 'site.tar');
  const single = join(shelf.path, 'single');
  await gantry.must('host', 'extract', shelf.host, image, '/srv/site', '--to', archive);
  await gantry.must('host', 'extract', shelf.host, image, '/srv/single', '--to', single);
  assert.match(execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }), /site\/deep\/page/);
  assert.equal(readFileSync(single, 'utf8'), 'of the image\n');
  await gantry.must('disk', 'replace', disk, archive, '/srv/site', '--folder');
  await gantry.must('disk', 'restore', disk, '/srv/single', '--from', image);
  for (const [file, content] of [
    ['/srv/site/index', 'of the image\n'],
    ['/srv/site/deep/page', 'of the image\n'],
    ['/srv/site/new', 'spoilt\n'],
    ['/srv/single', 'of the image\n'],
  ] as const) {
    const now = join(shelf.path, `now${file.replaceAll('/', '-')}`);
    await gantry.must('disk', 'extract', disk, file, '--to', now);
    assert.equal(readFileSync(now, 'utf8'), content, file);
  }
});
