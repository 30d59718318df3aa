/**
 * Work on vms of a libvirt host, with the coordinator, the process that speaks with the hypervisor, or the vm's own QEMU killed with -9 at
 * any moment of it: it is at its end afterwards, done or undone as a whole, no byte has changed, and each file is of some vm.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Operation, Vm } from '#api';
import { systemClock } from '#lib';
import { findProgram } from '../../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from '../../e2e/gantry.ts';
import { untilReady } from '../../e2e/ready-hosts.ts';
import { findForeignProcess, listProcesses } from './foreign-process.ts';
import { QemuRoom, tool, withoutRoom } from './qemu-room.ts';

const host = 'virt';
/** All of a disk, in one byte: enough to be in the middle of it. */
const size = '160M';
const [first, second] = [17, 34];

type Victim = 'coordinator' | 'speaker' | 'qemu' | 'qemu-img';

interface Work {
  readonly name: string;
  readonly format: 'raw' | 'qcow2';
  readonly victims: readonly Victim[];
  /** The nth round is cut off after n² of them. */
  readonly stepMs: number;
  /** What it begins with. */
  prepare?(vm: Vm): Promise<unknown>;
  begin(vm: Vm): Promise<Operation>;
  done(vm: Vm): Promise<void>;
  undone(vm: Vm): Promise<void>;
  /** Files that stay when its vms are deleted. */
  leaves?(vm: Vm): readonly string[];
}

const rounds = 4;

suite(
  'work on a libvirt host that is cut off by kill -9',
  { skip: withoutRoom, concurrency: 1 },
  () => {
    let room: QemuRoom;
    let gantry: Gantry;
    let [here, there] = ['', ''];
    before(async () => {
      [room, gantry] = await Promise.all([QemuRoom.open(), newGantry()]);
      [here, there] = [join(room.folder, 'here'), join(room.folder, 'there')];
      for (const [name, folder] of Object.entries({ here, there })) {
        await mkdir(folder);
        await room.told(`pool-create-as ${name} dir --target ${folder}`);
      }
      await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
      await gantry.must('host', 'add', room.address, '--name', host);
      await untilReady(gantry.client(), [host]);
    });
    after(async () => {
      await gantry?.[Symbol.asyncDispose]();
      await room?.[Symbol.asyncDispose]();
    });

    const find = async (name: string): Promise<Vm | undefined> => {
      const { items } = await gantry.client().call('vm.list', {});
      return items.find((vm) => vm.name === name);
    };
    const show = async (name: string): Promise<Vm> =>
      (await find(name)) ?? assert.fail(`${name} is not there`);
    const copyOf = ({ name }: Vm): string => `${name}-copy`;
    const fileOf = async (name: string): Promise<string> => {
      const list = await room.told(`domblklist ${name} --inactive`);
      return /^ *vda +(\S+)/m.exec(list)?.[1] ?? assert.fail(list);
    };
    const domains = async (): Promise<readonly string[]> =>
      (await room.told('list --all --name')).split('\n').filter((line) => line !== '');

    /** As it is defined there, and as Gantry knows it. */
    async function make(name: string, format: Work['format']): Promise<Vm> {
      const file = await room.makeDisk(`${name}.${format}`, format, size, here);
      await tool('qemu-io', '-f', format, '-c', `write -P ${first} 0 ${size}`, file);
      const xml = join(room.folder, 'vm.xml');
      await writeFile(
        xml,
        `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>
<devices><disk type='file'><driver name='qemu' type='${format}'/><source file='${file}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`,
      );
      await room.told(`pool-refresh here; define ${xml}`);
      await gantry.must('host', 'discover', host);
      const isRead = async (): Promise<Vm | undefined> => {
        const vm = await find(name);
        return vm?.definition.hardware.disks.length === 1 ? vm : undefined;
      };
      for (let turn = 0; turn < 100; turn += 1) {
        const vm = await isRead();
        if (vm !== undefined) return vm;
        await systemClock.sleep(100);
      }
      return assert.fail(`${name} is not read`);
    }

    async function holdsAll(name: string, byte: number): Promise<void> {
      const file = await fileOf(name);
      const format = file.endsWith('.raw') ? 'raw' : 'qcow2';
      const read = `read -P ${byte} 0 ${size}`;
      const out = await tool('qemu-io', '-r', '-U', '-f', format, '-c', read, file);
      assert.doesNotMatch(out, /verification failed/, `${file} holds ${byte}`);
    }

    const chainOf = async (file: string): Promise<readonly string[]> => {
      const words = ['info', '-U', '--backing-chain', '--output=json', file];
      const chain = JSON.parse(await tool('qemu-img', ...words)) as { filename: string }[];
      return chain.map(({ filename }) => filename);
    };
    const filesIn = async (folder: string): Promise<readonly string[]> =>
      (await readdir(folder)).map((name) => join(folder, name));

    /** Each file is a disk of some vm, or of one of its snapshots, or one of these stands on it; and there is no pool but those of before. */
    async function isAllNamed(): Promise<void> {
      const named = new Set<string>();
      for (const name of await domains()) {
        for (const file of await chainOf(await fileOf(name))) named.add(file);
        for (const snapshot of (await room.told(`snapshot-list ${name} --name`)).split('\n')) {
          if (snapshot === '') continue;
          const xml = await room.told(`snapshot-dumpxml ${name} ${snapshot}`);
          for (const [, file = ''] of xml.matchAll(/<source file='([^']+)'/g)) named.add(file);
        }
      }
      const files = [...(await filesIn(here)), ...(await filesIn(there))];
      assert.deepEqual(
        files.filter((file) => !named.has(file)),
        [],
      );
      assert.deepEqual((await room.told('pool-list --all --name')).split(/\s+/), ['here', 'there']);
    }

    async function isOne(operation: Promise<Operation>): Promise<Operation> {
      const { id } = await operation;
      await gantry.run(['operation', 'wait', id]);
      return await look(id);
    }
    const look = (operation: string): Promise<Operation> =>
      gantry.client().call('operation.show', { params: { operation } });
    async function must(operation: Promise<Operation>): Promise<void> {
      const { state, fault } = await isOne(operation);
      assert.equal(state, 'done', JSON.stringify(fault));
    }
    const act = (vm: string, action: 'turn-on' | 'turn-off'): Promise<void> =>
      must(gantry.client().call('vm.act', { params: { vm, action }, body: {} }));
    const snapshots = async (name: string): Promise<readonly string[]> =>
      (await room.told(`snapshot-list ${name} --name`)).split('\n').filter((line) => line !== '');
    /** With a snapshot of the first content, and the second one in the file above. */
    async function branch({ id, name }: Vm): Promise<void> {
      const body = { name: 'then' };
      await must(gantry.client().call('vm.snapshot.take', { params: { vm: id }, body }));
      const above = await fileOf(name);
      await tool('qemu-io', '-f', 'qcow2', '-c', `write -P ${second} 0 ${size}`, above);
      await act(id, 'turn-on');
    }

    const qemuOf = async (name: string): Promise<number | undefined> => {
      const words = new RegExp(`qemu-system.* guest=${name},`);
      return (await listProcesses()).find(({ command }) => words.test(command))?.pid;
    };

    async function kill(victim: Victim, { name }: Vm): Promise<void> {
      const processes = await listProcesses();
      const matching = (words: RegExp): number | undefined =>
        processes.find(({ command }) => words.test(command))?.pid;
      const coordinator = findProgram(gantry.installation, 'coordinator') ?? assert.fail();
      const pid = {
        coordinator: async () => coordinator,
        speaker: () => findForeignProcess(coordinator),
        qemu: () => qemuOf(name),
        'qemu-img': async () => matching(new RegExp(`^\\S*qemu-img .*${name}-copy`)),
      };
      const found = await pid[victim]();
      // What it would be killed in may be over, and it with that since it was found.
      try {
        if (found !== undefined) process.kill(found, 'SIGKILL');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
      if (victim === 'coordinator') await gantry.must('up', '--yes', '--no-vm');
    }

    const works: readonly Work[] = [
      {
        name: 'a full clone',
        format: 'qcow2',
        victims: ['coordinator', 'speaker', 'qemu-img'],
        stepMs: 30,
        begin: (vm) =>
          gantry.client().call('vm.clone', { params: { vm: vm.id }, body: { name: copyOf(vm) } }),
        async done(vm) {
          await holdsAll(vm.name, first);
          await holdsAll(copyOf(vm), first);
          assert.equal((await chainOf(await fileOf(copyOf(vm)))).length, 1);
          await show(copyOf(vm));
        },
        async undone(vm) {
          await holdsAll(vm.name, first);
          assert.deepEqual(await domains(), [vm.name]);
          assert.equal(await find(copyOf(vm)), undefined);
        },
      },
      {
        name: 'a linked clone',
        format: 'raw',
        victims: ['coordinator', 'speaker'],
        stepMs: 12,
        begin: (vm) =>
          gantry.client().call('vm.clone', {
            params: { vm: vm.id },
            body: { name: copyOf(vm), linked: true },
          }),
        leaves: ({ name }) => [join(here, `${name}.raw`)],
        async done(vm) {
          await holdsAll(vm.name, first);
          await holdsAll(copyOf(vm), first);
          await show(copyOf(vm));
        },
        async undone(vm) {
          await holdsAll(vm.name, first);
          assert.deepEqual(await domains(), [vm.name]);
          assert.equal(await find(copyOf(vm)), undefined);
        },
      },
      {
        name: 'the flattening of a linked clone',
        format: 'raw',
        victims: ['coordinator', 'speaker', 'qemu-img'],
        stepMs: 30,
        prepare: (vm) =>
          must(
            gantry.client().call('vm.clone', {
              params: { vm: vm.id },
              body: { name: copyOf(vm), linked: true },
            }),
          ),
        begin: async (vm) =>
          gantry.client().call('vm.flatten', { params: { vm: (await show(copyOf(vm))).id } }),
        async done(vm) {
          await holdsAll(vm.name, first);
          await holdsAll(copyOf(vm), first);
          assert.equal((await chainOf(await fileOf(copyOf(vm)))).length, 1);
        },
        async undone(vm) {
          await holdsAll(vm.name, first);
          await holdsAll(copyOf(vm), first);
          assert.equal((await chainOf(await fileOf(copyOf(vm)))).length, 2);
        },
      },
      {
        name: 'a move of a disk while the vm runs',
        format: 'raw',
        victims: ['coordinator', 'speaker', 'qemu'],
        stepMs: 40,
        prepare: (vm) => act(vm.id, 'turn-on'),
        begin: (vm) =>
          gantry.client().call('vm.disk.relocate', {
            params: { vm: vm.id, place: 'virtio0:0' },
            body: { path: there },
          }),
        async done(vm) {
          assert.equal(await fileOf(vm.name), join(there, `${vm.name}.raw`));
          await holdsAll(vm.name, first);
          assert.deepEqual(await readdir(here), []);
        },
        async undone(vm) {
          assert.equal(await fileOf(vm.name), join(here, `${vm.name}.raw`));
          await holdsAll(vm.name, first);
          assert.deepEqual(await readdir(there), []);
        },
      },
      {
        name: 'a way back to a snapshot',
        format: 'raw',
        victims: ['coordinator', 'speaker', 'qemu'],
        stepMs: 12,
        prepare: branch,
        begin: (vm) =>
          gantry.client().call('vm.snapshot.revert', {
            params: { vm: vm.id, snapshot: 'then' },
            body: {},
          }),
        async done(vm) {
          await holdsAll(vm.name, first);
          assert.deepEqual(await snapshots(vm.name), ['then']);
        },
        async undone(vm) {
          await holdsAll(vm.name, second);
          assert.deepEqual(await snapshots(vm.name), ['then']);
        },
      },
      {
        name: 'the deletion of a snapshot of a vm that runs',
        format: 'raw',
        victims: ['coordinator', 'speaker', 'qemu'],
        stepMs: 25,
        prepare: branch,
        begin: (vm) =>
          gantry
            .client()
            .call('vm.snapshot.delete', { params: { vm: vm.id, snapshot: 'then' }, query: {} }),
        async done(vm) {
          await holdsAll(vm.name, second);
          assert.deepEqual(await snapshots(vm.name), []);
        },
        // What was begun of it cannot be taken back.
        undone: () => assert.fail('it is deleted in any case'),
      },
    ];

    for (const work of works)
      for (const victim of work.victims)
        void test(`${work.name} while ${victim} is killed at several moments`, async (context) => {
          const ends: string[] = [];
          for (let round = 0; round < rounds; round += 1) {
            const name = `v${works.indexOf(work)}-${victim}-${round}`;
            const vm = await make(name, work.format);
            await work.prepare?.(vm);
            const operation = work.begin(vm);
            await operation;
            await systemClock.sleep(round * round * work.stepMs);
            const { state: before } = await look((await operation).id);
            await kill(victim, vm);
            await untilReady(gantry.client(), [host]);
            const { state, fault } = await isOne(operation);
            ends.push(state === 'done' ? state : `${state}: ${fault?.message ?? ''}`);
            context.diagnostic(`${round}: ${before} -> ${ends.at(-1)}`);
            assert.ok(state === 'done' || state === 'failed', `${state} ${JSON.stringify(fault)}`);
            assert.equal(fault?.facts?.['notUndone'], undefined, JSON.stringify(fault));
            await (state === 'done' ? work.done(vm) : work.undone(vm));
            await isAllNamed();
            // What has failed can be asked for again.
            if (state === 'failed') {
              await must(work.begin(vm));
              await work.done(vm);
              await isAllNamed();
            }
            await sweep(work.leaves?.(vm) ?? []);
          }
        });

    void test('a deletion that goes on for longer than libvirt lets others wait is waited for by whoever asks again', async () => {
      const vm = await make('slow', 'raw');
      await branch(vm);
      const operation = gantry
        .client()
        .call('vm.snapshot.delete', { params: { vm: vm.id, snapshot: 'then' }, query: {} });
      await operation;
      // In the middle of what libvirt does for it.
      const frozen = (await qemuOf('slow')) ?? assert.fail('it runs');
      process.kill(frozen, 'SIGSTOP');
      await kill('speaker', vm);
      await untilReady(gantry.client(), [host]);
      // libvirt lets whoever asks again wait for half a minute, and tells nobody when that is over.
      await systemClock.sleep(33_000);
      process.kill(frozen, 'SIGCONT');
      await must(operation);
      await holdsAll('slow', second);
      assert.deepEqual(await snapshots('slow'), []);
      await isAllNamed();
      await sweep([]);
    });

    /** All that it has left can be deleted, with all of its files but those that nobody can say of whether they are there for others, too. */
    async function sweep(leaves: readonly string[]): Promise<void> {
      for (const name of await domains()) {
        const { id, state } = await show(name);
        if (state === 'running') await act(id, 'turn-off');
        await must(gantry.client().call('vm.delete', { params: { vm: id }, query: {} }));
      }
      assert.deepEqual([...(await filesIn(here)), ...(await filesIn(there))], leaves);
      for (const file of leaves) await room.told(`vol-delete ${file}`);
      await room.told('pool-refresh here; pool-refresh there');
    }
  },
);
