/** What `up` remembers of an installation: how it was started, so that the next `up` does the same. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib';
import { defaultListen, type Installation } from '../installation.ts';

const simulateSchema = z.strictObject({
  hosts: z.number().int().min(1).max(1000),
  vms: z.number().int().min(0).max(20_000),
});
export type Simulate = z.infer<typeof simulateSchema>;

const startSchema = z.strictObject({
  listen: z.string().max(256),
  simulate: simulateSchema.nullable(),
  /** Where libvirt's clients of other machines are answered; left out: nowhere. */
  libvirtListen: z.string().max(256).optional(),
  /** The network that is made once. */
  defaultNetwork: z.literal('made').optional(),
});
export type StartSettings = z.infer<typeof startSchema>;

export const startFile = (installation: Installation): string =>
  join(installation.config, 'start.json');

export function readStartSettings(installation: Installation): StartSettings | undefined {
  let text: string;
  try {
    text = readFileSync(startFile(installation), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return startSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Fault('invalid', `${startFile(installation)} is not what gantry up writes`, {
      cause: error,
      hint: 'delete it and run gantry up again',
    });
  }
}

export function writeStartSettings(installation: Installation, settings: StartSettings): void {
  mkdirSync(installation.config, { recursive: true, mode: 0o755 });
  const path = startFile(installation);
  writeFileSync(`${path}.new`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}

/** `HOST:PORT`, `PORT`, `[::1]:7443`. */
export function parseListen(text: string): string {
  const bare = /^\d{1,5}$/.test(text) ? `127.0.0.1:${text}` : text;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(bare);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65535)
    throw new Fault('invalid', `"${text.slice(0, 80)}" is not an address to listen on`, {
      hint: `write HOST:PORT, for example ${defaultListen}`,
    });
  return bare;
}

/** `20x500`: hosts times vms per host. */
export function parseSimulate(text: string): Simulate {
  const match = /^(\d{1,4})x(\d{1,5})$/.exec(text);
  const parsed = simulateSchema.safeParse({ hosts: Number(match?.[1]), vms: Number(match?.[2]) });
  if (!parsed.success)
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not HOSTSxVMS`, {
      hint: 'for example 20x500: 20 hosts with 500 vms each',
    });
  return parsed.data;
}
