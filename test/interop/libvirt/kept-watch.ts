/** UEFI variables and contents of the TPM of a vm `web`, at its hypervisor and at an agent: what they are, and whether somebody has changed them. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { QemuLibvirtd } from './qemu-daemon.ts';

export interface OwnerOfFile {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export async function ownerOf(file: string): Promise<OwnerOfFile> {
  const { uid, gid, mode } = await stat(file);
  return { uid, gid, mode: mode & 0o777 };
}

const names = ['UEFI variables', 'contents of the TPM'];
const untilMs = 180_000;

export class KeptWatch {
  readonly #there: readonly [string, string];
  readonly #here: readonly [string, string];
  #last: readonly Buffer[] = [];
  #owners: readonly OwnerOfFile[] = [];

  /** `vms`: folder of the agent's vms. */
  constructor({ outside }: QemuLibvirtd, uuid: string, vms: string) {
    this.#there = [
      outside('/var/lib/libvirt/qemu/nvram/web_VARS.fd'),
      outside(`/var/lib/libvirt/swtpm/${uuid}/tpm2/tpm2-00.permall`),
    ];
    const own = join(vms, 'web', 'web');
    this.#here = [`${own}.firmware`, `${own}.tpm/tpm2-00.permall`];
  }

  async #read(host: 'here' | 'virt'): Promise<readonly Buffer[]> {
    const paths = host === 'here' ? this.#here : this.#there;
    return await Promise.all(paths.map(async (path) => await readFile(path)));
  }

  /** Of its first start: from then on they are more than what they were made from. */
  async begin(): Promise<void> {
    this.#last = [await readFile('/usr/share/OVMF/OVMF_VARS_4M.ms.fd'), Buffer.alloc(0)];
    await this.untilWritten('virt');
  }

  /** Firmware and TPM have both written since. */
  async untilWritten(host: 'here' | 'virt'): Promise<void> {
    const before = this.#last;
    const isWritten = async (): Promise<boolean> =>
      (await this.#read(host)).every((bytes, at) => before[at]?.equals(bytes) !== true);
    for (const end = performance.now() + untilMs; !(await isWritten()); await setTimeout(100))
      assert.ok(performance.now() < end, 'its variables and its TPM are written');
  }

  /** It is off: these are the bytes from now on, and whose the files of its hypervisor are. */
  async note(host: 'here' | 'virt'): Promise<void> {
    this.#last = await this.#read(host);
    if (host === 'here') return;
    this.#owners = await Promise.all(this.#there.map(ownerOf));
    assert.notDeepEqual(this.#owners[0], this.#owners[1], 'each has an account of its own');
  }

  /** The same bytes, for nobody else to read; at its hypervisor whose they were, and nothing else beside them. */
  async isKept(host: 'here' | 'virt'): Promise<void> {
    for (const [at, bytes] of (await this.#read(host)).entries())
      assert.ok(this.#last[at]?.equals(bytes), `${names[at]} are what they were`);
    if (host === 'here') {
      for (const { mode } of await Promise.all(this.#here.map(ownerOf))) assert.equal(mode, 0o600);
      return;
    }
    assert.deepEqual(await Promise.all(this.#there.map(ownerOf)), this.#owners);
    const beside = await Promise.all(this.#there.map((path) => readdir(dirname(path))));
    const seen = beside.flat().filter((name) => name !== '.lock');
    assert.deepEqual(seen, ['web_VARS.fd', 'tpm2-00.permall']);
  }
}
