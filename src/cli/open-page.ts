/**
 * The page of a vm in a browser (WEB-70): in a console that its person has open and sees, else in a new window of the
 * desktop's browser, else as an address to go to.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Client } from '#api';
import type { Run } from './command.ts';

export async function openVm(
  { client, out, signal }: Pick<Run, 'client' | 'out' | 'signal'>,
  vm: { readonly id: string; readonly name: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { opened } = await client.call('vm.open', { params: { vm: vm.id } }, signal);
  if (opened) return out.line(`${vm.name} is opened in the console that you have open`);
  const address = addressOf(client, vm.id);
  const browser = findBrowser(environment);
  if (browser !== undefined && (await start(browser, address)))
    return out.line(`${vm.name} is opened in a browser: ${address}`);
  out.line(`open it in a browser: ${address}`);
}

function addressOf({ server }: Client, id: string): string {
  return new URL(`/vms/${encodeURIComponent(id)}`, server).href;
}

/** The one that BROWSER names, else the desktop's where there is a desktop. */
function findBrowser(environment: NodeJS.ProcessEnv): string | undefined {
  const chosen = environment['BROWSER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const hasDesktop = [environment['WAYLAND_DISPLAY'], environment['DISPLAY']].some(Boolean);
  if (!hasDesktop) return undefined;
  return (environment['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'xdg-open'))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** False where it cannot be started. It goes on when this program has ended. */
async function start(program: string, address: string): Promise<boolean> {
  const child = spawn(program, [address], { detached: true, stdio: 'ignore' });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  child.unref();
  return true;
}
