/**
 * What a guest is asked about its mounts of shared folders, through its agent. What it answers is not
 * believed: QEMU knows what is mounted.
 */
import { readFile } from 'node:fs/promises';
import { runInGuest, type GuestAgent } from '#qemu';
import { Fault } from '#lib';

export type MountRequest =
  { readonly kind: 'drop' | 'release'; readonly name: string } | { readonly kind: 'return' };

const scriptUrl = new URL('guest-mounts.sh', import.meta.url);
const perAnswerMs = 5_000;
const limitMs = 20_000;

/** Errors: `refused` with the guest's words; those of the agent. */
export async function askForMounts(
  agent: GuestAgent,
  request: MountRequest,
  signal: AbortSignal,
): Promise<void> {
  const args = request.kind === 'return' ? ['return'] : [request.kind, request.name];
  const ended = await runInGuest(
    agent,
    {
      path: '/bin/sh',
      args: ['-s', '--', ...args],
      input: await readFile(scriptUrl),
      output: 'keep',
    },
    { timeoutMs: perAnswerMs, limitMs, signal },
  );
  if (ended.exitCode === 0) return;
  const words = ended.stderr.toString('utf8', 0, 500).trim();
  throw new Fault('refused', `the guest does not ${request.kind} its shared folders: ${words}`);
}
