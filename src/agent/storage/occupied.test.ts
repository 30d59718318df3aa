import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { kiB, miB } from '#lib';
import { snapshotRecordSchema } from '../machine/layers/layers.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import { testDisk } from '../testing/qemu-agent.ts';
import { makeDefinition } from '../testing/simulated-host.ts';
import { occupiedBytes } from './occupied.ts';

interface Place {
  readonly folder: string;
  readonly machine: MachineFile;
  /** Writes so many bytes that the file system cannot leave out. */
  readonly write: (name: string, sizeBytes: number) => Promise<void>;
  /** How much more the files take up since the last call. */
  readonly grown: (machine?: MachineFile) => Promise<number>;
}

async function makePlace(context: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'go-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const definition = makeDefinition({
    name: 'web',
    hardware: { disks: [testDisk('web.qcow2')] },
  });
  const machine = newMachineFile(definition, 1, { folder, file: join(folder, 'web.json') }, 0);
  let before = 0;
  return {
    folder,
    machine,
    write: (name, sizeBytes) => writeFile(join(folder, name), Buffer.alloc(sizeBytes, 1)),
    async grown(asked = machine) {
      const bytes = await occupiedBytes(asked);
      const more = bytes - before;
      before = bytes;
      return more;
    },
  };
}

/** Folders and the last blocks of files are counted too. */
function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 64 * kiB, `${actual}, not about ${expected}`);
}

test('all files of a vm are counted, as far as they take up space', async (context) => {
  const { folder, machine, write, grown } = await makePlace(context);
  assert.equal(await grown(), 0);
  await write('web.qcow2', miB);
  assertNear(await grown(), miB);
  await truncate(join(folder, 'web.qcow2'), 500 * miB);
  assertNear(await grown(), 0);
  for (const name of ['web.json', 'web.saved', 'web.firmware', 'web.log']) {
    await write(name, miB);
    assertNear(await grown(), miB);
  }
  await mkdir(join(folder, 'web.tpm'));
  await write('web.tpm/state', miB);
  assertNear(await grown(), miB);

  await mkdir(join(folder, 'web.s1', 'tpm'), { recursive: true });
  await write('web.s1/memory', miB);
  await write('web.s1/tpm/state', miB);
  await write('web.1.qcow2', miB);
  const taken = snapshotRecordSchema.parse({
    id: machine.definition.id,
    name: 's1',
    description: '',
    author: null,
    takenAt: '2026-01-01T00:00:00.000Z',
    parent: null,
    sizeBytes: 0,
    disks: [{ disk: 'web.qcow2', file: 'web.qcow2' }],
    state: 'web.s1',
    undo: null,
    definition: machine.definition,
    takenWhile: 'off',
    quiesced: false,
    memory: null,
  });
  const top = { file: 'web.1.qcow2', format: 'qcow2', parent: 'web.qcow2', seal: null } as const;
  const layers = { ...machine.layers, files: [top], snapshots: [taken] };
  assertNear(await grown({ ...machine, layers }), 3 * miB);
});

test('neither what others have put into the folder is counted, nor what another vm stands on as well', async (context) => {
  const { folder, machine, write, grown } = await makePlace(context);
  await write('notes.txt', miB);
  assert.equal(await grown(), 0);
  await write('web.qcow2', miB);
  await write('base.qcow2', 2 * miB);
  const base = { format: 'qcow2', parent: null, seal: null, shared: true } as const;
  const files = [
    { ...base, file: 'base.qcow2' },
    { file: 'web.qcow2', format: 'qcow2', parent: 'base.qcow2', seal: null } as const,
  ];
  const clone = { ...machine, layers: { ...machine.layers, files } };
  const [disk] = clone.definition.hardware.disks;
  assert.ok(disk);
  const disks = [{ ...disk, file: 'base.qcow2' }];
  const definition = { ...clone.definition, hardware: { ...clone.definition.hardware, disks } };
  const other = join(folder, 'of-another.qcow2');
  await link(join(folder, 'base.qcow2'), other);
  assertNear(await grown({ ...clone, definition }), miB);
  await rm(other);
  assertNear(await grown({ ...clone, definition }), 2 * miB);
});
