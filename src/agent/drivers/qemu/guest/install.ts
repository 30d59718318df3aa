/**
 * The shipped additions brought into a running Linux guest by its agent alone: their files are written into
 * the guest and their installer is run there, as from the CD (GA-21).
 */
import { Fault } from '#lib';
import { additionsFiles } from '#images';
import { guest, runInGuest, writeGuestFile, type GuestAgent } from '#qemu';

const folder = '/run/gantry/additions';
const installLimitMs = 600_000;
const perAnswerMs = 10_000;
const maxTextLength = 300;

/** Errors: `unsupported` where the agent lets nobody do this, `refused` with the installer's last words. */
export async function installAdditions(agent: GuestAgent, signal: AbortSignal): Promise<void> {
  const options = { timeoutMs: perAnswerMs, signal };
  const { commands } = await guest.info(agent, options);
  const needed = ['guest-exec', 'guest-exec-status', 'guest-file-open', 'guest-file-write'];
  const missing = needed.filter((command) => !commands.has(command));
  if (missing.length > 0) {
    throw new Fault('unsupported', `the guest agent does not offer ${missing.join(', ')}`, {
      hint: 'insert the additions CD and run its install.sh in the guest',
    });
  }
  const run = (path: string, ...args: string[]) =>
    runInGuest(agent, { path, args, output: 'keep' }, { ...options, limitMs: installLimitMs });
  await run('mkdir', '-p', folder);
  try {
    for (const { path, data } of await additionsFiles()) {
      await writeGuestFile(agent, `${folder}/${path}`, Buffer.from(data), options);
    }
    const { exitCode, stdout, stderr } = await run('sh', `${folder}/install.sh`);
    if (exitCode !== 0) {
      const words =
        lastLine(stderr) || lastLine(stdout) || `it ended with ${exitCode ?? 'a signal'}`;
      throw new Fault('refused', `the installer in the guest failed: ${words}`);
    }
  } finally {
    // What is left there is gone with the guest's next start in any case.
    await run('rm', '-rf', folder).catch(() => undefined);
  }
}

/** A guest's own words, bounded and printable. */
function lastLine(output: Buffer): string {
  const lines = output.toString('utf8').trim().split('\n');
  return (lines.at(-1) ?? '').replaceAll(/[^\P{C}]/gu, '').slice(0, maxTextLength);
}
