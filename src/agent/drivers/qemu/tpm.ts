/**
 * The TPM of a vm: an emulator (swtpm) of its own, under the same account, which ends when its QEMU lets
 * go of it.
 */
import { access, mkdir, rm } from 'node:fs/promises';
import { Fault, systemClock } from '#lib';
import type { Tpm } from '#qemu';
import { ownFolder } from './confine/ownership.ts';
import type { Account } from './confine/accounts.ts';
import { spawnProcess } from './process/spawn.ts';

export interface TpmRequest {
  readonly program: string;
  /** Folder of its state; made when missing. */
  readonly statePath: string;
  readonly socketPath: string;
  readonly logPath: string;
  readonly account: Account | undefined;
  readonly setpriv: string | undefined;
  readonly model: Tpm['model'];
  readonly signal: AbortSignal;
}

const startMs = 5_000;
const lookMs = 5;

/** Resolves when it listens. Errors: `unavailable`, `timeout`. */
export async function startTpm(request: TpmRequest): Promise<Tpm> {
  const { program, statePath, socketPath, logPath, account, setpriv, signal } = request;
  await mkdir(statePath, { recursive: true, mode: 0o700 });
  if (account) await ownFolder(statePath, account);
  await rm(socketPath, { force: true });
  const args = [
    'socket',
    '--tpm2',
    '--tpmstate',
    `dir=${statePath}`,
    '--ctrl',
    `type=unixio,path=${socketPath}`,
    '--flags',
    'startup-clear',
    '--terminate',
  ];
  const { exited } = await spawnProcess({ program, args, logPath, account, setpriv });
  let end: string | undefined;
  void exited.then((word) => {
    end = word;
  });
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += lookMs) {
    signal.throwIfAborted();
    if (end !== undefined) throw new Fault('unavailable', `the TPM emulator ended with ${end}`);
    const listens = await access(socketPath).then(
      () => true,
      () => false,
    );
    if (listens) return { model: request.model, socketPath };
    await systemClock.sleep(lookMs, signal);
  }
  throw new Fault('timeout', 'the TPM emulator does not listen');
}
