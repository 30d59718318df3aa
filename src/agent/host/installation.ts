/**
 * Whether the agent's own installation is whole (HOST-43): its program as it was built, its configuration. One that is
 * not does not run on, since it might do anything to vms; they go on without it. What is wrong is an event, kept until
 * an agent that is whole delivers it, and is said in the log of the operating system at once.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describeFault, Fault, isoTime, type Clock } from '#lib';
import type { Log } from '#log';
import { systemCause } from '../machine/causes.ts';
import type { Durability } from '../storage/atomic-file.ts';
import { Outbox } from './outbox.ts';
import { SystemLog } from './system-log.ts';

/** Written beside a program when it is built, as sha256sum(1) reads it. */
const contentsFile = 'contents.sha256';
const maxPartsLength = 1000;

/** What of a program that was built is not as it was; nothing is said of one that runs from its sources. */
export async function findDamage(program: string): Promise<readonly string[]> {
  if (!basename(program).endsWith('.js')) return [];
  const folder = dirname(program);
  const contents = await readFile(join(folder, contentsFile), 'utf8').catch(() => '');
  const listed = [...contents.matchAll(/^([0-9a-f]{64}) {2}([\w.-]+)$/gm)];
  const damaged = await Promise.all(
    listed.map(async ([, hash, name = '']) => {
      const bytes = await readFile(join(folder, name)).catch(() => undefined);
      if (bytes === undefined) return `${join(folder, name)} is missing`;
      const isWhole = createHash('sha256').update(bytes).digest('hex') === hash;
      return isWhole ? undefined : `${join(folder, name)} was changed`;
    }),
  );
  if (listed.length === 0) return [`${join(folder, contentsFile)} is missing or damaged`];
  return damaged.filter((one) => one !== undefined);
}

export interface DamagedHost {
  readonly dataDir: string;
  readonly name: string;
  readonly durability: Durability;
  readonly systemLog: 'written' | 'left alone';
}

/** Raises it; once, however often the agent is started. */
export async function tellCorrupt(
  host: DamagedHost,
  damage: readonly string[],
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<void> {
  const name = 'host.installation-corrupt';
  const attributes = { parts: damage.join('; ').slice(0, maxPartsLength) };
  log.fatal({ ...attributes }, 'the installation is damaged');
  try {
    await using outbox = await Outbox.open(
      join(host.dataDir, 'outbox.jsonl'),
      host.durability,
      log,
    );
    const last = outbox.waiting.at(-1);
    if (last?.name === name && last.attributes['parts'] === attributes.parts) return;
    const { actor, correlationId } = systemCause;
    const time = isoTime(clock.now());
    outbox.add({ name, time, vmId: null, actor, correlationId, attributes });
    if (host.systemLog === 'left alone') return;
    await using systemLog = SystemLog.open({ clock, log });
    systemLog?.write(name, attributes, host.name);
  } catch (error) {
    log.error({ why: describeFault(error) }, 'cannot keep the event about it');
  }
}

/** What the program ends with. */
export function corruptProgram(program: string, damage: readonly string[]): Fault {
  return new Fault('corrupt', `the installation is corrupt: ${damage.join('; ')}`, {
    hint: `delete ${dirname(program)} and run gantry up, which builds it anew`,
  });
}
