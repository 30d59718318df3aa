/**
 * Forwarding of IPv6 between interfaces (ip-sysctl, conf/all/forwarding), for nat networks with IPv6. A kernel that
 * forwards takes no router advertisements any more unless it is told to (accept_ra 2): an adapter that has its own
 * address and way out from one would lose both. What was changed stands in a note in the runtime folder, and is
 * changed back with the last such network.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const settings = '/proc/sys/net/ipv6/conf';
const forwarding = `${settings}/all/forwarding`;
const noteSchema = z.strictObject({ interfaces: z.array(z.string().max(15)).max(10_000) });

const read = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8').catch(() => '')).trim();
const acceptOf = (name: string): string => `${settings}/${name}/accept_ra`;

export async function setForwarding6(wanted: 'needed' | 'not-needed', note: string): Promise<void> {
  const isOn = (await read(forwarding)) === '1';
  const before = await read(note);
  if (wanted === 'needed' && !isOn) {
    const interfaces: string[] = [];
    for (const name of await readdir(settings))
      if ((await read(acceptOf(name))) === '1') interfaces.push(name);
    await writeFile(note, JSON.stringify({ interfaces }), { mode: 0o600 });
    for (const name of interfaces) await writeFile(acceptOf(name), '2\n').catch(() => undefined);
    await writeFile(forwarding, '1\n');
  }
  if (wanted === 'not-needed' && before !== '') {
    if (isOn) await writeFile(forwarding, '0\n');
    const { interfaces } = noteSchema.parse(JSON.parse(before));
    for (const name of interfaces)
      if ((await read(acceptOf(name))) === '2')
        await writeFile(acceptOf(name), '1\n').catch(() => undefined);
    await rm(note, { force: true });
  }
}
