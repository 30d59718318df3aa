/** Two hosts with agents and QEMU beside one coordinator, and vms that move between them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { uploadMediaType, type Event, type HostUpload, type Operation, type Vm } from '#api';
import { miB, systemClock } from '#lib';
import type { OperationDocument, VmDocument } from '../../src/coordinator/documents.ts';
import { Stage, type AgentProcess } from '../../src/coordinator/testing/stage.ts';

export type MovingHost = 'ada' | 'bob';

export const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

/** A disk of 1 MiB with a system that says a letter on COM1 and halts. */
export function bootableDisk(letter: string): Buffer {
  const disk = Buffer.alloc(miB);
  // mov dx, 3f8h; mov al, letter; out dx, al; hlt; jmp to the hlt.
  disk.write(`baf803b0${Buffer.from(letter).toString('hex')}eef4ebfd`, 0, 'hex');
  // One partition, active, of Linux, behind the table.
  disk.write('80000200830020000100000000070000', 446, 'hex');
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

export class MovingHosts implements AsyncDisposable {
  readonly stage: Stage;
  readonly agents: Readonly<Record<MovingHost, AgentProcess>>;

  private constructor(stage: Stage, agents: Readonly<Record<MovingHost, AgentProcess>>) {
    this.stage = stage;
    this.agents = agents;
  }

  static async open(): Promise<MovingHosts> {
    const stage = await Stage.open();
    const [ada, bob] = await Promise.all([stage.addQemuHost('ada'), stage.addQemuHost('bob')]);
    return new MovingHosts(stage, { ada, bob });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
  }

  folder(host: MovingHost, vm: string): string {
    return join(this.stage.folder, `agent-${host}`, 'vms', vm);
  }

  vm(name: string): Vm {
    const found = this.stage.vm(name);
    assert.ok(found !== undefined, `there is a vm ${name}`);
    return found;
  }

  async events(vm: string, name: string): Promise<readonly Event[]> {
    const { json } = await this.stage.send('GET', '/events?limit=1000');
    const { items } = json as { items: readonly Event[] };
    return items.filter((event) => event.name === name && event.target.name === vm);
  }

  /** The operation at its end, which is a good one. */
  async do(method: string, path: string, body?: unknown): Promise<Operation> {
    const ended = await this.stage.act(method, path, body);
    assert.equal(ended.state, 'done', `${method} ${path}: ${JSON.stringify(ended.fault)}`);
    return ended;
  }

  move(vm: string, host: MovingHost): Promise<Operation> {
    return this.stage.act('POST', `/vms/${vm}/relocate`, { host });
  }

  async download(host: MovingHost, file: string): Promise<Buffer> {
    const { status, bytes, text } = await this.stage.send(
      'GET',
      `/hosts/${host}/file/content?file=${encodeURIComponent(file)}`,
    );
    assert.equal(status, 200, text);
    return bytes;
  }

  /** Answers its path. */
  async upload(host: MovingHost, file: string, content: Buffer): Promise<string> {
    const begun = await this.stage.send('POST', `/hosts/${host}/uploads`, {
      body: { file, sizeBytes: content.length },
    });
    assert.equal(begun.status, 200, begun.text);
    const upload = begun.json as HostUpload;
    const headers = { 'content-type': uploadMediaType };
    const path = `/hosts/${host}/uploads/${upload.id}?offset=0`;
    const sent = await this.stage.send('PATCH', path, { raw: content, headers });
    assert.equal(sent.status, 200, sent.text);
    const work = { verb: 'upload', file: upload.file, upload: upload.id };
    await this.do('POST', `/hosts/${host}/disks`, work);
    return upload.file;
  }

  /** On ada, with a disk that has 24 MiB of random data in 256 MiB. Answers the name of its file. */
  async make(name: string, format: 'raw' | 'qcow2' = 'raw'): Promise<string> {
    const disk = { kind: 'new', sizeBytes: 256 * miB, format };
    const body = { name, host: 'ada', disk, network: 'none', memoryBytes: 64 * miB };
    await this.do('POST', '/vms', body);
    const [{ file } = { file: '' }] = this.vm(name).definition.hardware.disks;
    if (format !== 'raw') return file;
    const handle = await open(join(this.folder('ada', name), file), 'r+');
    await handle.write(randomBytes(16 * miB), 0, 16 * miB, 3 * miB);
    await handle.write(randomBytes(8 * miB), 0, 8 * miB, 200 * miB);
    await handle.close();
    return file;
  }

  /** Resolves with the operation when the step of the vm's move has begun. */
  async untilStep(vm: string, name: string): Promise<string> {
    const { stage } = this;
    let found = '';
    const hasBegun = (): boolean => {
      for (const { id, data } of stage.coordinator.inventory.documents<OperationDocument>(
        'operation',
      ))
        if (
          data.target.name === vm &&
          data.steps.some((step) => step.name === name && step.state !== 'waiting')
        )
          found = id;
      return found !== '';
    };
    await stage.until(hasBegun, `${name} of the move of ${vm}`, 60_000);
    return found;
  }

  /** It is on this host alone: its files, and what both agents know of it. */
  async requireOn(host: MovingHost, vm: string): Promise<void> {
    const other = host === 'ada' ? 'bob' : 'ada';
    const { id } = this.vm(vm);
    const { folder } = this.stage;
    const record = (of: string): string => join(folder, `agent-${of}`, 'machines', `${id}.json`);
    const arrivals = (of: string): string[] => readdirSync(join(folder, `agent-${of}`, 'arrivals'));
    const isClear = (): boolean =>
      !existsSync(record(other)) &&
      !existsSync(this.folder(other, vm)) &&
      arrivals('ada').length + arrivals('bob').length === 0;
    // A host that was away is told when it is back.
    for (let turn = 0; turn < 300 && !isClear(); turn += 1) await systemClock.sleep(100);
    assert.ok(isClear(), `nothing of ${vm} is left on ${other}`);
    assert.equal(this.vm(vm).host, host);
    assert.equal(this.vm(vm).path, this.folder(host, vm));
    const kept = JSON.parse(readFileSync(record(host), 'utf8')) as {
      generation: number;
      departure: unknown;
    };
    const known = this.stage.coordinator.inventory.document<VmDocument>('vm', id);
    assert.equal(kept.departure, null);
    const generation = known?.data.generation ?? 0;
    // The first host hears of those that were used on the way with the next start.
    if (host === 'bob') assert.equal(kept.generation, generation);
    else assert.ok(kept.generation <= generation);
  }
}
