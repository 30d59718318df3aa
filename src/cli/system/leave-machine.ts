/**
 * Networks of an installation whose programs and vms have ended: bridges, rules and services of this machine, which
 * outlive the agent. It is the agent that takes them away, started for that.
 */
import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '#lib';
import { defaultListen, type Installation } from '../installation.ts';
import { programCommand } from './processes.ts';
import { programFile } from './program-build.ts';
import { agentArguments, agentData, agentRuntime, readHostId } from './programs.ts';
import { lastWords } from './running.ts';
import { readStartSettings, type StartSettings } from './settings.ts';

const limitMs = 120_000;

/** Where nothing is left nothing is started. Errors: `unavailable` with what the agent said. */
export async function leaveMachine(installation: Installation, signal: AbortSignal): Promise<void> {
  if (!isLeft(installation)) return;
  const args = agentArguments(installation, settingsOf(installation));
  const leaving = [...args, '--leave', '--log', 'error'];
  const [executable = '', ...words] = programCommand(await programFile('agent', signal), leaving);
  try {
    await promisify(execFile)(executable, words, { signal, timeout: limitMs });
  } catch (cause) {
    const { stderr = '' } = cause as { readonly stderr?: string };
    const { reason, hint = 'mend that, and try again' } = lastWords('agent', stderr.split('\n'));
    throw new Fault('unavailable', `networks stay on this machine: ${reason}`, { cause, hint });
  }
}

/**
 * Interfaces bear the host's id; a service has a folder, adapters that were given to networks have a file, and rules
 * are written down for as long as the machine has not started anew.
 */
function isLeft(installation: Installation): boolean {
  const data = agentData(installation);
  const folder = join(data, 'networks');
  if (existsSync(join(data, 'adapters.json'))) return true;
  if (existsSync(join(agentRuntime(installation), 'networks.nft'))) return true;
  if (existsSync(folder) && readdirSync(folder).length > 0) return true;
  const mark = `gantry ${readHostId(data) ?? 'unknown'} `;
  return globSync('/sys/class/net/*/ifalias').some((path) => textOf(path).startsWith(mark));
}

/** Empty where it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What is left is taken away without them, too. */
function settingsOf(installation: Installation): StartSettings {
  try {
    const known = readStartSettings(installation);
    if (known !== undefined) return known;
  } catch {
    // Who uninstalls needs no settings that can be read.
  }
  return { listen: defaultListen, simulate: null };
}
