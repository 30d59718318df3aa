/** What an agent keeps of its host: identity, settings, whether its service runs. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { hostSettingsSchema, idSchema } from '#api';
import { Fault } from '#lib';
import { writeFileAtomic } from '../storage/atomic-file.ts';

export const hostFileSchema = z.strictObject({
  gantry: z.literal('host'),
  format: z.literal(1),
  hostId: idSchema,
  hostName: z.string().max(100),
  settings: hostSettingsSchema,
  /** Whether the installation lets events of vms start scripts. */
  eventScripts: z.boolean().default(false),
  /** Whether it lets small pictures of screens be shown. */
  thumbnails: z.boolean().default(true),
  /** False after an ordered stop: nothing starts until it is started again (HOST-24). */
  serviceRunning: z.boolean(),
  /** Boot of the host in which this file was last written. */
  bootId: z.string().max(64),
});
export type HostFile = z.infer<typeof hostFileSchema>;

/** Undefined where there is none. Errors: `corrupt` naming the file. */
export async function readHostFile(path: string): Promise<HostFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return hostFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('corrupt', `cannot read ${path}`, { cause, hint: 'join the host again' });
  }
}

export async function writeHostFile(path: string, file: HostFile): Promise<void> {
  const text = `${JSON.stringify(file, undefined, 2)}\n`;
  await writeFileAtomic(path, text, { mode: 0o600, durability: 'flushed' });
}
