/**
 * Work of several steps on files of vms, with coordinator or agent killed with -9 at any moment of it: it is at
 * its end afterwards, done or undone as a whole, and no byte of the vm has changed.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Operation, Vm } from '#api';
import { miB, systemClock } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { joinHosts } from './joined-hosts.ts';
import { untilReady } from './ready-hosts.ts';

interface Subject {
  readonly vm: Vm;
  /** Of its only disk, which is a raw one. */
  readonly file: string;
  readonly sha256: string;
}

interface Work {
  readonly name: string;
  /** The nth round is cut off after n² of them; default: six rounds, 40. */
  readonly rounds?: number;
  readonly stepMs?: number;
  /** What it begins with. */
  prepare?(subject: Subject): Promise<unknown>;
  begin(subject: Subject): Promise<Operation>;
  /** What is there where it was done. */
  done(subject: Subject): Promise<void>;
  /** What is there where it was undone. */
  undone(subject: Subject): Promise<void>;
  /** The way back to a vm that can be started, whatever its end. */
  release?(subject: Subject): Promise<unknown>;
}

const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

suite('work that is cut off by kill -9', { skip: withoutQemu, concurrency: 1 }, () => {
  let gantry: Gantry;
  let hosts: AsyncDisposable;
  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    hosts = await joinHosts(gantry, { bob: 'qemu' });
  });
  after(async () => {
    await hosts?.[Symbol.asyncDispose]();
    await gantry?.[Symbol.asyncDispose]();
  });

  const show = (vm: string): Promise<Vm> => gantry.client().call('vm.show', { params: { vm } });
  const fileOf = ({ path, definition }: Vm): string =>
    join(path, definition.hardware.disks[0]?.file ?? '');

  /** The file that holds all that its disk does, or the differences. */
  async function topOf(vm: Vm): Promise<string> {
    const { files } = await gantry.client().call('vm.files', { params: { vm: vm.id } });
    const disks = files.map(({ path }) => path).filter((path) => /\.(raw|qcow2)$/.test(path));
    return disks.find((path) => files.every(({ parent }) => parent !== path)) ?? '';
  }

  /** On the installation's own host, with 24 MiB of random data in 192 MiB. */
  async function make(name: string): Promise<Subject> {
    const words = ['--memory', '32M', '--network', 'none', '--disk', '192M', '--format', 'raw'];
    await gantry.must('vm', 'create', name, '--host', ownHost, ...words);
    const vm = await show(name);
    const file = fileOf(vm);
    const disk = openSync(file, 'r+');
    writeSync(disk, randomBytes(16 * miB), 0, 16 * miB, 3 * miB);
    writeSync(disk, randomBytes(8 * miB), 0, 8 * miB, 150 * miB);
    closeSync(disk);
    return { vm, file, sha256: hashOf(file) };
  }
  let ownHost = '';
  before(async () => {
    const { items } = await gantry.client().call('host.list', {});
    ownHost = items.find(({ name }) => name !== 'bob')?.name ?? '';
  });

  const unchanged = async ({ vm, file, sha256 }: Subject): Promise<void> => {
    const now = await show(vm.id);
    assert.equal(fileOf(now), file);
    assert.equal(hashOf(file), sha256);
  };
  const copyOf = ({ vm }: Subject): string => `${vm.name}-copy`;
  const makeTemplate = ({ vm }: Subject): Promise<string> => gantry.must('vm', 'template', vm.name);
  const endTemplate = ({ vm }: Subject): Promise<string> =>
    gantry.must('vm', 'template', vm.name, '--end');
  /** Nothing starts it, and nobody but root could write what its clones are like. */
  const isTemplate = async (subject: Subject): Promise<void> => {
    await unchanged(subject);
    assert.equal((await show(subject.vm.id)).standing, 'template');
    assert.equal(statSync(subject.file).mode & 0o222, 0);
    const started = await gantry.run(['vm', 'turn-on', subject.vm.id]);
    assert.match(started.err, /is a template/);
  };
  /** One file that its account may write, no snapshot and no layer. */
  const isOrdinary = async (subject: Subject): Promise<void> => {
    await unchanged(subject);
    const now = await show(subject.vm.id);
    assert.deepEqual([now.standing, now.status.snapshots.count], ['off', 0]);
    assert.equal(statSync(subject.file).mode & 0o200, 0o200);
    const disks = readdirSync(now.path).filter((name) => /\.(raw|qcow2)$/.test(name));
    assert.deepEqual(disks, [basename(subject.file)]);
  };
  /** A copy of a template stands in a folder of its own, which is there or is not. */
  const clones = async (subject: Subject): Promise<void> => {
    await isTemplate(subject);
    const copy = await gantry.run(['vm', 'show', copyOf(subject), '-o', 'json']);
    const folders = readdirSync(join(subject.vm.path, '..'));
    const own = folders.filter((name) => name.startsWith(copyOf(subject)));
    assert.deepEqual(own, copy.code === 0 ? [copyOf(subject)] : [], 'no folder is left');
  };
  const dropClone = async (subject: Subject): Promise<void> => {
    await gantry.run(['vm', 'delete', copyOf(subject), '--yes']);
    await endTemplate(subject);
    await isOrdinary(subject);
  };
  const folderFor = ({ vm }: Subject): string => join(vm.path, '..', `${vm.name}-out`);
  const archiveFor = ({ vm }: Pick<Subject, 'vm'>): string => `${vm.path}.ova`;
  /** Of the archive, what is there. */
  const exportsOf = (subject: Pick<Subject, 'vm'>): readonly string[] =>
    readdirSync(join(subject.vm.path, '..')).filter((name) =>
      name.startsWith(basename(archiveFor(subject))),
    );
  const childOf = ({ vm }: Subject): string => join(vm.path, 'child.qcow2');

  const works: readonly Work[] = [
    {
      name: 'a move to another host',
      begin: ({ vm }) =>
        gantry.client().call('vm.relocate', { params: { vm: vm.id }, body: { host: 'bob' } }),
      async done({ vm, sha256 }) {
        const there = await show(vm.id);
        assert.equal(there.host, 'bob');
        assert.equal(hashOf(fileOf(there)), sha256);
        for (let turn = 0; turn < 300 && existsSync(vm.path); turn += 1)
          await systemClock.sleep(100);
        assert.ok(!existsSync(vm.path), 'nothing is left on the first host');
      },
      undone: unchanged,
    },
    {
      name: 'a full copy',
      begin: (subject) =>
        gantry
          .client()
          .call('vm.clone', { params: { vm: subject.vm.id }, body: { name: copyOf(subject) } }),
      async done(subject) {
        await unchanged(subject);
        assert.equal(hashOf(fileOf(await show(copyOf(subject)))), subject.sha256);
      },
      async undone(subject) {
        await unchanged(subject);
        assert.ok(!existsSync(join(subject.vm.path, '..', copyOf(subject))));
      },
    },
    {
      name: 'the making of a template',
      rounds: 4,
      stepMs: 12,
      begin: ({ vm }) => gantry.client().call('vm.template.make', { params: { vm: vm.id } }),
      async done(subject) {
        await isTemplate(subject);
        await endTemplate(subject);
        await isOrdinary(subject);
      },
      undone: isOrdinary,
    },
    {
      name: 'the end of a template',
      rounds: 4,
      stepMs: 12,
      prepare: makeTemplate,
      begin: ({ vm }) => gantry.client().call('vm.template.end', { params: { vm: vm.id } }),
      done: isOrdinary,
      async undone(subject) {
        await isTemplate(subject);
        await endTemplate(subject);
      },
    },
    ...[true, false].map((linked): Work => ({
      name: `a ${linked ? 'linked' : 'full'} clone of a template`,
      rounds: 4,
      stepMs: linked ? 12 : 60,
      prepare: makeTemplate,
      begin: (subject) =>
        gantry.client().call('vm.clone', {
          params: { vm: subject.vm.id },
          body: { name: copyOf(subject), linked },
        }),
      async done(subject) {
        await clones(subject);
        await gantry.must('vm', 'turn-on', copyOf(subject));
        await gantry.must('vm', 'turn-off', copyOf(subject), '--yes');
      },
      undone: clones,
      release: dropClone,
    })),
    ...[true, false].map((linked): Work => ({
      name: `a ${linked ? 'linked' : 'full'} clone of a vm that runs`,
      stepMs: linked ? 12 : 60,
      prepare: ({ vm }) => gantry.must('vm', 'turn-on', vm.id),
      begin: (subject) =>
        gantry.client().call('vm.clone', {
          params: { vm: subject.vm.id },
          body: { name: copyOf(subject), linked },
        }),
      async done(subject) {
        const [{ state }, copy] = [await show(subject.vm.id), await show(copyOf(subject))];
        assert.equal(state, 'running');
        const compared = await gantry.run(['disk', 'checksum', await topOf(copy)]);
        assert.ok(compared.out.includes(subject.sha256), compared.out + compared.err);
      },
      async undone({ vm }) {
        assert.equal((await show(vm.id)).state, 'running');
        assert.ok(!existsSync(join(vm.path, '..', `${vm.name}-copy`)));
      },
      async release(subject) {
        await gantry.run(['vm', 'delete', copyOf(subject), '--yes']);
        await gantry.must('vm', 'turn-off', subject.vm.id, '--yes');
        // What was shared is merged once nobody else needs it.
        await gantry.must('vm', 'turn-on', subject.vm.id);
        await gantry.must('vm', 'turn-off', subject.vm.id, '--yes');
        await isOrdinary(subject);
      },
    })),
    {
      name: 'an export',
      begin: (subject) =>
        gantry.client().call('vm.hand-out', {
          params: { vm: subject.vm.id },
          body: { as: 'virtual-server-2005', path: folderFor(subject), moveToIde: true },
        }),
      async done(subject) {
        await unchanged(subject);
        assert.ok(existsSync(folderFor(subject)));
      },
      async undone(subject) {
        await unchanged(subject);
        assert.ok(!existsSync(folderFor(subject)));
      },
    },
    {
      name: 'an export as one archive',
      begin: (subject) =>
        gantry.client().call('vm.hand-out', {
          params: { vm: subject.vm.id },
          body: { as: 'ovf', path: archiveFor(subject), moveToIde: true },
        }),
      async done(subject) {
        await unchanged(subject);
        assert.deepEqual(exportsOf(subject), [basename(archiveFor(subject))]);
        const { sha256, vm } = subject;
        const words = ['--name', copyOf(subject), '--host', ownHost];
        await gantry.must('vm', 'import', archiveFor(subject), ...words);
        const copy = await show(copyOf(subject));
        const raw = join(copy.path, 'content.raw');
        await gantry.must('disk', 'convert', fileOf(copy), raw, '--to', 'raw');
        assert.equal(hashOf(raw), sha256);
        await gantry.must('vm', 'delete', copyOf(subject), '--yes');
        assert.deepEqual(exportsOf({ vm }), [basename(archiveFor(subject))]);
      },
      async undone(subject) {
        await unchanged(subject);
        assert.deepEqual(exportsOf(subject), []);
      },
    },
    {
      name: 'a differencing disk in the place of its parent',
      begin: (subject) =>
        gantry.client().call('host.disk.work', {
          params: { host: ownHost },
          body: {
            verb: 'create-child',
            file: childOf(subject),
            parent: subject.file,
            format: 'qcow2',
            reattach: true,
          },
        }),
      async done(subject) {
        const now = await show(subject.vm.id);
        assert.equal(fileOf(now), childOf(subject));
        assert.equal(hashOf(subject.file), subject.sha256);
        const compared = await gantry.run(['disk', 'compare', childOf(subject), subject.file]);
        assert.equal(compared.code, 0, compared.out + compared.err);
      },
      async undone(subject) {
        await unchanged(subject);
        assert.ok(!existsSync(childOf(subject)));
      },
    },
  ];

  for (const work of works)
    for (const victim of ['coordinator', 'agent'] as const)
      void test(`${work.name} while the ${victim} is killed at several moments`, async (context) => {
        const ends: string[] = [];
        for (let round = 0; round < (work.rounds ?? 6); round += 1) {
          const subject = await make(`${works.indexOf(work)}-${victim}-${round}`);
          await work.prepare?.(subject);
          const { id } = await work.begin(subject);
          await systemClock.sleep(round * round * (work.stepMs ?? 40));
          const pid = findProgram(gantry.installation, victim);
          assert.ok(pid !== undefined);
          process.kill(pid, 'SIGKILL');
          await gantry.must('up', '--yes', '--no-vm');
          await untilReady(gantry.client(), [ownHost]);
          await gantry.run(['operation', 'wait', id]);
          const { state, fault } = await gantry
            .client()
            .call('operation.show', { params: { operation: id } });
          ends.push(state);
          assert.ok(state === 'done' || state === 'failed', `${state} ${JSON.stringify(fault)}`);
          await (state === 'done' ? work.done(subject) : work.undone(subject));
          await work.release?.(subject);
          await gantry.must('vm', 'turn-on', subject.vm.id);
          await gantry.must('vm', 'turn-off', subject.vm.id, '--yes');
        }
        context.diagnostic(ends.join(', '));
      });
});
