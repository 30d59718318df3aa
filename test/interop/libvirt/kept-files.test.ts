/**
 * Files that a hypervisor keeps beside the disks of a vm are written through a real libvirtd, cut off after each call in turn: whatever is
 * there then, the next attempt ends with the new bytes.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { Fault, isFault } from '#lib';
import { connectLibvirt, type Client } from '#libvirt';
import { BorrowedPools } from '../../../src/agent/foreign/copy/borrowed-pool.ts';
import { findKept } from '../../../src/agent/foreign/handover/find-kept.ts';
import { fetchKept, lookAtKept, putKept } from '../../../src/agent/foreign/handover/kept-files.ts';
import { packContent, unpackContent } from '../../../src/agent/kept-content.ts';
import { ownerOf } from './kept-watch.ts';
import { QemuRoom, withoutRoom } from './qemu-room.ts';

const skip = process.getuid?.() === 0 ? withoutRoom : 'only root gives files to accounts';
const place = '/var/lib/libvirt/swtpm/0d3c0f2e-3b55-4c7e-9a54-5d6f0c1b2a39/tpm2/tpm2-00.permall';
const owner = { uid: 1234, gid: 4321, mode: 0o640 };
const file = { part: 'tpm', file: place, ...owner } as const;
const never = AbortSignal.any([]);

let room: QemuRoom;
let path = '';
before(async () => {
  if (skip !== false) return;
  room = await QemuRoom.open();
  path = room.daemon.outside(place);
});
after(() => room?.[Symbol.asyncDispose]());

/** Its calls are not answered any more after so many, as of a process that was killed. */
function cutAfter(client: Client, calls: number): { readonly cut: Client; left: number } {
  const state = { left: calls };
  const counted =
    <A extends readonly unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (state.left <= 0) throw new Fault('unavailable', 'it was killed');
      state.left -= 1;
      return await ask(...args);
    };
  const words: Pick<Client, 'call' | 'open'> = {
    call: counted(client.call.bind(client)),
    open: counted(client.open.bind(client)),
  };
  return Object.assign(state, { cut: words as Client });
}

async function putOld(bytes: Buffer): Promise<void> {
  await rm(dirname(path), { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  await chown(path, owner.uid, owner.gid);
  await chmod(path, owner.mode);
}

void test(
  'a file is read and replaced byte for byte and stays whose it was, wherever an attempt was cut off',
  { skip },
  async (t) => {
    await using client = await connectLibvirt(room.address);
    const [old, fresh] = [randomBytes(6092), randomBytes(9001)];
    const packed = await packContent(fresh);
    let points = 0;
    for (let isCut = true; isCut; points += 1) {
      await putOld(old);
      const { cut } = cutAfter(client, points);
      try {
        await putKept(cut, new BorrowedPools(cut, 'h'), file, packed, never);
        isCut = false;
      } catch (error) {
        assert.ok(isFault(error, 'unavailable'));
      }
      // In no other file than one that is whole is it what counts.
      const there = await readFile(path).catch(() => undefined);
      assert.ok(there === undefined || there.equals(old) || there.equals(fresh));
      const pools = new BorrowedPools(client, 'h');
      await putKept(client, pools, file, packed, never);
      assert.deepEqual(await readFile(path), fresh);
      assert.deepEqual(await ownerOf(path), owner);
      assert.deepEqual(await readdir(dirname(path)), ['tpm2-00.permall']);
      assert.equal(await room.told('pool-list --all --name'), '');
      const [read] = await fetchKept(client, pools, [file], never);
      assert.deepEqual(await unpackContent(read?.content ?? ''), fresh);
    }
    t.diagnostic(`${points} points`);
    assert.ok(points > 12);
  },
);

void test(
  'what is not there is told: a folder, a file; and none is made by looking',
  { skip },
  async () => {
    await using client = await connectLibvirt(room.address);
    const pools = new BorrowedPools(client, 'h');
    await putOld(Buffer.alloc(1));
    const look = async (at: string) => await lookAtKept(client, pools, at, never);
    assert.deepEqual(await look(place), { sizeBytes: 1, owner });
    assert.deepEqual(await look(`${place}.other`), { why: `${place}.other does not exist` });
    const absent = await look('/var/lib/libvirt/swtpm/none/tpm2/tpm2-00.permall');
    assert.ok('why' in absent && absent.why.includes('/var/lib/libvirt/swtpm/none/tpm2'));
    await assert.rejects(
      fetchKept(client, pools, [{ ...file, file: `${place}.other` }], never),
      (error) => isFault(error, 'not-found'),
    );
    assert.equal(await room.told('pool-list --all --name'), '');
  },
);

void test(
  'libvirt says which firmware it chooses for a definition that names none, and with a network that is not there',
  { skip },
  async () => {
    await using client = await connectLibvirt(room.address);
    const variables = '/var/lib/libvirt/qemu/nvram/odd_VARS.fd';
    await writeFile(room.daemon.outside(variables), Buffer.alloc(540_672));
    const find = async (os: string, features = '') =>
      await findKept(
        {
          client,
          borrowed: new BorrowedPools(client, 'h'),
          scope: '/system',
          name: 'odd',
          uuid: '0d3c0f2e-3b55-4c7e-9a54-5d6f0c1b2a39',
          xml: `<domain type='qemu'><name>odd</name><memory unit='MiB'>64</memory><os ${os}</os><features><acpi/>${features}</features>
<devices><interface type='network'><source network='gone'/></interface></devices></domain>`,
        },
        never,
      );
    const type = "<type arch='x86_64' machine='q35'>hvm</type>";
    const variablesBytes = 540_672;
    const kept = [{ part: 'uefi-variables', file: variables, uid: 0, gid: 0, mode: 0o644 }];
    const enrolled = {
      code: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
      secureBoot: true,
      variablesBytes,
    };
    assert.deepEqual(await find(`firmware='efi'>${type}`), { kept, uefi: enrolled, reasons: [] });
    const code = '/usr/share/OVMF/OVMF_CODE_4M.fd';
    const named = `<loader readonly='yes' type='pflash'>${code}</loader><nvram>${variables}</nvram>`;
    const plain = { code, secureBoot: false, variablesBytes };
    assert.deepEqual(await find(`>${type}${named}`), { kept, uefi: plain, reasons: [] });
    const nowhere = await find("firmware='efi'><type arch='x86_64' machine='isapc'>hvm</type>");
    assert.match(nowhere.reasons[0]?.text ?? '', /does not tell which firmware odd has/);
  },
);
