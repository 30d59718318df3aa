/** Layers of a running machine, with real QEMU: what each image holds is read by qemu-io when it has ended. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '#lib';
import type { Disk } from '../command-line/spec-storage.ts';
import * as qmp from '../qmp/commands.ts';
import { argumentsOf, makeDisk } from '../testing/plain-disks.ts';
import {
  startBareQemu,
  TemporaryFolder,
  withoutQemu,
  type RealQemu,
} from '../testing/real-qemu.ts';
import { mergeLive, type LiveMerge } from './merge.ts';
import { endMirror, isMirroring, mirrorLive, type LiveMirror } from './mirror.ts';
import { readOpenDisk } from './nodes.ts';
import { openTops } from './put-on-top.ts';
import { replaceBelow } from './replace-below.ts';

const options = { skip: withoutQemu };
/** A machine with two disks that runs. */
class Machine implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly qemu: RealQemu;
  readonly disks: readonly Disk[];

  private constructor(folder: TemporaryFolder, qemu: RealQemu, disks: readonly Disk[]) {
    this.folder = folder;
    this.qemu = qemu;
    this.disks = disks;
  }

  static async start(): Promise<Machine> {
    const folder = await TemporaryFolder.make();
    const disks = ['disk-a', 'disk-b'].map((id, position) =>
      makeDisk(id, position, folder.file(`${id}.qcow2`)),
    );
    const qemu = await startBareQemu(folder, argumentsOf(disks));
    await qmp.cont(qemu.qmp);
    return new Machine(folder, qemu, disks);
  }

  path(name: string): string {
    return join(this.folder.path, name);
  }

  async write(id: string, pattern: number, region: number, length = '1M'): Promise<void> {
    const device = `/machine/peripheral/${id}/virtio-backend`;
    const line = `qemu-io -d ${device} "write -P ${pattern} ${region}M ${length}"`;
    await this.qemu.qmp.execute('human-monitor-command', { 'command-line': line });
    await this.qemu.qmp.execute('human-monitor-command', {
      'command-line': `qemu-io -d ${device} flush`,
    });
  }

  /** Puts `<id>.<name>` on top of both. */
  async putOnTop(name: string): Promise<void> {
    const tops = [];
    for (const disk of this.disks) {
      const { path, sizeBytes } = await readOpenDisk(this.qemu.qmp, disk.id);
      const top = this.path(`${disk.id}.${name}`);
      const parent = ['-u', '-b', path, '-F', 'qcow2'];
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...parent, top, String(sizeBytes)]);
      tops.push({ disk, path: top });
    }
    await using open = await openTops(this.qemu.qmp, tops);
    await open.putOnTop();
  }

  merge(upper: string, lower: string, more: Partial<LiveMerge> = {}): Promise<void> {
    return mergeLive(this.qemu.qmp, {
      diskId: 'disk-a',
      upper: this.path(upper),
      lower: this.path(lower),
      above: undefined,
      limit: () => 0,
      signal: AbortSignal.timeout(20_000),
      onProgress: () => undefined,
      beforeMove: async () => undefined,
      moved: async () => undefined,
      ...more,
    });
  }

  mirror(to: string, more: Partial<LiveMirror> = {}): Promise<void> {
    const [disk] = this.disks;
    assert.ok(disk !== undefined);
    return mirrorLive(this.qemu.qmp, {
      disk,
      to: { kind: 'file', path: to },
      format: 'qcow2',
      limit: () => 0,
      signal: AbortSignal.timeout(20_000),
      goesOn: () => false,
      onProgress: () => undefined,
      beforeMove: async () => undefined,
      moved: async () => undefined,
      ...more,
    });
  }

  async paths(id: string): Promise<readonly string[]> {
    const { images, path } = await readOpenDisk(this.qemu.qmp, id);
    return [path, ...images.keys()].map((one) => one.slice(this.folder.path.length + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.qemu[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function holds(path: string, pattern: number, region: number): boolean {
  const said = execFileSync('qemu-io', ['-r', '-c', `read -v ${region}M 16`, path]).toString();
  return said.includes(`00:  ${pattern.toString(16).padStart(2, '0')} `);
}

void test(
  'all disks get their new images at one instant, and what lay below keeps what it held',
  options,
  async () => {
    await using machine = await Machine.start();
    await machine.write('disk-a', 1, 0);
    await machine.putOnTop('one');
    await machine.write('disk-a', 2, 0);
    await machine.write('disk-b', 3, 0);
    await qmp.quit(machine.qemu.qmp);
    await machine.qemu.program.end();
    assert.ok(holds(machine.path('disk-a.qcow2'), 1, 0));
    assert.ok(holds(machine.path('disk-b.qcow2'), 0, 0));
    assert.ok(holds(machine.path('disk-a.one'), 2, 0));
    assert.ok(holds(machine.path('disk-b.one'), 3, 0));
  },
);

void test(
  'where one image cannot be opened none is put on top, and nothing stays open',
  options,
  async () => {
    await using machine = await Machine.start();
    const [disk] = machine.disks;
    assert.ok(disk !== undefined);
    const good = machine.path('good');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', good, '8M']);
    const tops = [
      { disk, path: good },
      { disk: { ...disk, id: 'disk-b' }, path: machine.path('missing') },
    ];
    await assert.rejects(openTops(machine.qemu.qmp, tops), Fault);
    const { images, path } = await readOpenDisk(machine.qemu.qmp, 'disk-a');
    assert.deepEqual([...images.keys()], [machine.path('disk-a.qcow2')]);
    assert.equal(path, machine.path('disk-a.qcow2'));
  },
);

void test(
  'images merge while the machine runs: the one on top, one below it, and again after each other',
  options,
  async () => {
    await using machine = await Machine.start();
    for (const [number, name] of ['one', 'two', 'three'].entries()) {
      await machine.write('disk-a', number + 1, number);
      await machine.putOnTop(name);
    }
    await machine.write('disk-a', 4, 3);
    const states: string[] = [];
    const note = async (): Promise<void> => {
      states.push((await qmp.queryStatus(machine.qemu.qmp)).status);
    };
    await machine.merge('disk-a.two', 'disk-a.one', { moved: note });
    await machine.merge('disk-a.three', 'disk-a.one', { moved: note });
    assert.deepEqual(states, ['running', 'paused'], 'it stands still where the top moves');
    assert.equal((await qmp.queryStatus(machine.qemu.qmp)).running, true);
    const { images, path } = await readOpenDisk(machine.qemu.qmp, 'disk-a');
    assert.deepEqual([...images.keys()].toSorted(), [
      machine.path('disk-a.one'),
      machine.path('disk-a.qcow2'),
    ]);
    assert.equal(path, machine.path('disk-a.one'));
    await machine.write('disk-a', 5, 4);
    await machine.merge('disk-a.three', 'disk-a.one', { moved: note });
    assert.equal(states.length, 3, 'what is merged already is only written down');
    await qmp.quit(machine.qemu.qmp);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2, 3, 4])
      assert.ok(holds(machine.path('disk-a.one'), region + 1, region), String(region));
    assert.ok(holds(machine.path('disk-a.qcow2'), 0, 1), 'what is below is as it was');
  },
);

void test(
  'a merge that is cancelled leaves the images apart, and is done again',
  options,
  async () => {
    await using machine = await Machine.start();
    await machine.write('disk-a', 1, 0);
    await machine.putOnTop('one');
    await machine.write('disk-a', 2, 1);
    const reason = new Fault('cancelled', 'enough');
    await assert.rejects(
      machine.merge('disk-a.one', 'disk-a.qcow2', { signal: AbortSignal.abort(reason) }),
    );
    const controller = new AbortController();
    for (const ended of [
      { signal: controller.signal, onProgress: () => controller.abort(reason) },
      { beforeMove: () => Promise.reject(reason) },
    ]) {
      const cancelled = machine.merge('disk-a.one', 'disk-a.qcow2', ended);
      await assert.rejects(cancelled, (error) => error === reason);
      assert.deepEqual(await qmp.queryJobs(machine.qemu.qmp), []);
    }
    await machine.write('disk-a', 3, 2);
    await machine.merge('disk-a.one', 'disk-a.qcow2');
    await qmp.quit(machine.qemu.qmp);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2])
      assert.ok(holds(machine.path('disk-a.qcow2'), region + 1, region), String(region));
  },
);

void test(
  'a merge takes no more than it may, follows a limit that changes, and has none while the guest waits for it',
  options,
  async () => {
    await using machine = await Machine.start();
    const { qmp: monitor } = machine.qemu;
    const speeds = async (): Promise<readonly number[]> => {
      const jobs = (await monitor.execute('query-block-jobs')) as readonly { speed: number }[];
      return jobs.map(({ speed }) => speed);
    };
    await machine.putOnTop('one');
    for (const region of [0, 1]) await machine.write('disk-a', region + 1, region);
    await machine.putOnTop('two');
    await machine.write('disk-a', 3, 2, '64k');
    const slow = 131_072;
    let limit = slow;
    let seen: Promise<readonly number[]> | undefined;
    await machine.merge('disk-a.one', 'disk-a.qcow2', {
      limit: () => limit,
      onProgress: () => {
        seen ??= speeds().finally(() => (limit = 0));
      },
    });
    assert.deepEqual(await seen, [slow]);
    let atRest: readonly number[] = [];
    await machine.merge('disk-a.two', 'disk-a.qcow2', {
      limit: () => slow,
      beforeMove: async () => {
        atRest = await speeds();
        // As slowly as before that would take longer than a guest may stand still.
        for (const region of [3, 4, 5, 6]) await machine.write('disk-a', region + 1, region);
      },
    });
    assert.deepEqual(atRest, [slow]);
    await qmp.quit(monitor);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2, 3, 4, 5, 6])
      assert.ok(holds(machine.path('disk-a.qcow2'), region + 1, region), String(region));
  },
);

void test(
  'a disk goes on in another file, with what was written before, meanwhile and afterwards',
  options,
  async () => {
    await using machine = await Machine.start();
    await machine.write('disk-a', 1, 0);
    const to = machine.path('moved.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', to, '8M']);
    const states: string[] = [];
    const old = machine.path('disk-a.qcow2');
    await machine.mirror(to, {
      beforeMove: () => machine.write('disk-a', 2, 1),
      moved: async () => {
        states.push((await qmp.queryStatus(machine.qemu.qmp)).status);
      },
    });
    assert.deepEqual(states, ['paused'], 'it stands still until that is written down');
    assert.equal((await qmp.queryStatus(machine.qemu.qmp)).running, true);
    assert.deepEqual(await machine.paths('disk-a'), ['moved.qcow2', 'moved.qcow2']);
    for (const region of [0, 1])
      assert.ok(holds(old, region + 1, region), 'the old file has it too');
    await machine.write('disk-a', 3, 2);
    await machine.mirror(to, { moved: async () => void states.push('again') });
    assert.equal(states.at(-1), 'again', 'what has moved already is only written down');
    await qmp.quit(machine.qemu.qmp);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2]) assert.ok(holds(to, region + 1, region), String(region));
    assert.ok(holds(old, 0, 2));
  },
);

void test(
  'a disk with layers goes on over copies of them, and its new top gets what the old one held and no more',
  options,
  async () => {
    await using machine = await Machine.start();
    await machine.write('disk-a', 1, 0);
    await machine.putOnTop('one');
    await machine.write('disk-a', 2, 1);
    await machine.putOnTop('two');
    await machine.write('disk-a', 3, 2);
    const moved = (name: string): string => machine.path(`moved.${name}`);
    const layer = (name: string, parent: string): void =>
      void execFileSync('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', parent, name]);
    execFileSync('cp', [machine.path('disk-a.one'), moved('one')]);
    layer(moved('one'), machine.path('disk-a.qcow2'));
    const parent = ['-u', '-b', moved('one'), '-F', 'qcow2', moved('two'), '8M'];
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...parent]);
    const below = {
      copies: [{ source: { kind: 'file', path: moved('one') }, format: 'qcow2' }],
      kept: machine.path('disk-a.qcow2'),
    } as const;
    const reason = new Fault('cancelled', 'enough');
    const ended = machine.mirror(moved('two'), {
      below,
      beforeMove: () => Promise.reject(reason),
    });
    await assert.rejects(ended, (error) => error === reason);
    const before = ['disk-a.one', 'disk-a.qcow2', 'disk-a.two', 'disk-a.two'];
    const now = (await machine.paths('disk-a')).toSorted();
    assert.deepEqual(now, before, 'nothing of the copy is open');
    await machine.mirror(moved('two'), {
      below,
      beforeMove: () => machine.write('disk-a', 4, 3),
    });
    const { images, path } = await readOpenDisk(machine.qemu.qmp, 'disk-a');
    assert.equal(path, moved('two'));
    assert.ok(images.has(moved('one')));
    await machine.write('disk-a', 5, 4);
    await qmp.quit(machine.qemu.qmp);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2, 3, 4])
      assert.ok(holds(moved('two'), region + 1, region), String(region));
    layer(moved('two'), '');
    for (const region of [0, 1]) assert.ok(holds(moved('two'), 0, region), String(region));
  },
);

void test(
  'a copy that is cancelled leaves the disk where it is; one that was left goes on, and is joined or ended',
  options,
  async () => {
    await using machine = await Machine.start();
    const { qmp: monitor } = machine.qemu;
    for (const region of [0, 1, 2]) await machine.write('disk-a', region + 1, region);
    const [one, other] = ['one.raw', 'other.raw'].map((name) => machine.path(name));
    assert.ok(one !== undefined && other !== undefined);
    for (const path of [one, other]) execFileSync('truncate', ['-s', '8M', path]);
    const reason = new Fault('cancelled', 'enough');
    const cut = (goesOn: boolean): Promise<void> => {
      const controller = new AbortController();
      return assert.rejects(
        machine.mirror(one, {
          format: 'raw',
          limit: () => 65_536,
          goesOn: () => goesOn,
          signal: controller.signal,
          onProgress: () => controller.abort(reason),
        }),
        (error) => error === reason,
      );
    };
    await cut(false);
    assert.deepEqual(await qmp.queryJobs(monitor), []);
    assert.deepEqual(await machine.paths('disk-a'), ['disk-a.qcow2', 'disk-a.qcow2']);
    await cut(true);
    assert.ok(await isMirroring(monitor, 'disk-a', one));
    assert.ok(!(await isMirroring(monitor, 'disk-a', other)));
    await machine
      .mirror(one, { format: 'raw', beforeMove: () => Promise.reject(reason) })
      .catch((error: unknown) => assert.equal(error, reason));
    assert.deepEqual(await qmp.queryJobs(monitor), []);
    await cut(true);
    await endMirror(monitor, 'disk-a', [one]);
    await machine.mirror(other, { format: 'raw' });
    assert.deepEqual(await machine.paths('disk-a'), ['other.raw', 'other.raw']);
    await qmp.quit(monitor);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2]) assert.ok(holds(other, region + 1, region), String(region));
  },
);

void test(
  'a file below the top is replaced by a copy of its own, into which layers merge while the machine runs',
  options,
  async () => {
    await using machine = await Machine.start();
    const { qmp: monitor } = machine.qemu;
    const [disk] = machine.disks;
    assert.ok(disk !== undefined);
    await machine.write('disk-a', 1, 0);
    await machine.putOnTop('one');
    await machine.write('disk-a', 2, 1);
    await machine.putOnTop('two');
    await machine.write('disk-a', 3, 2);
    const [base, kept] = ['disk-a.qcow2', 'kept'].map((name) => machine.path(name));
    assert.ok(base !== undefined && kept !== undefined);
    execFileSync('ln', [base, kept]);
    execFileSync('cp', [base, `${base}.part`]);
    execFileSync('mv', [`${base}.part`, base]);
    const replaced = {
      disk,
      path: base,
      format: 'qcow2',
      above: { path: machine.path('disk-a.one'), format: 'qcow2' },
      below: undefined,
    } as const;
    const before = readFileSync(kept);
    for (const _ of ['once', 'again']) await replaceBelow(monitor, replaced);
    const paths = ['disk-a.one', 'disk-a.qcow2', 'disk-a.two'];
    assert.deepEqual((await machine.paths('disk-a')).toSorted(), [...paths, 'disk-a.two']);
    await machine.merge('disk-a.one', 'disk-a.qcow2');
    await machine.merge('disk-a.two', 'disk-a.qcow2');
    await machine.write('disk-a', 4, 3);
    await qmp.quit(monitor);
    await machine.qemu.program.end();
    for (const region of [0, 1, 2, 3]) assert.ok(holds(base, region + 1, region), String(region));
    assert.ok(before.equals(readFileSync(kept)), 'what others have is as it was');
  },
);
