/**
 * Forwarding between interfaces (ip-sysctl, ip_forward), which translation needs. Turned on with the first nat network
 * and off again with the last one, where it was off before: a note in the runtime folder says so, which goes with
 * a restart of the host as the setting does.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkSpec } from '#api';
import { setForwarding6 } from './forwarding6.ts';

const setting = '/proc/sys/net/ipv4/ip_forward';

async function setForwarding(wanted: 'needed' | 'not-needed', note: string): Promise<void> {
  const isOn = (await readFile(setting, 'utf8')).trim() !== '0';
  if (wanted === 'needed' && !isOn) {
    await writeFile(note, 'turned on\n', { mode: 0o600 });
    await writeFile(setting, '1\n');
  }
  if (wanted === 'not-needed' && existsSync(note)) {
    if (isOn) await writeFile(setting, '0\n');
    await rm(note, { force: true });
  }
}

/** As the networks need that are carried. */
export async function keepForwarding(
  carried: readonly NetworkSpec[],
  runtimeDir: string,
): Promise<void> {
  const routed = carried.filter(({ type }) => type === 'nat');
  const note = join(runtimeDir, 'forwarding');
  await setForwarding(routed.length > 0 ? 'needed' : 'not-needed', note);
  const routed6 = routed.some(({ ipv6 }) => ipv6 !== null);
  await setForwarding6(routed6 ? 'needed' : 'not-needed', `${note}6`);
}
