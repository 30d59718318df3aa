/** A page in the browser of whoever sits at this machine. */
import { spawn } from 'node:child_process';
import { platform } from 'node:process';

/** Undefined where there is nobody with a screen. */
function browser(environment: NodeJS.ProcessEnv): readonly [string, ...string[]] | undefined {
  const { BROWSER: chosen, DISPLAY: x11, WAYLAND_DISPLAY: wayland } = environment;
  if (chosen !== undefined && chosen !== '') return [chosen];
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return x11 === undefined && wayland === undefined ? undefined : ['xdg-open'];
}

/** Why it was not opened; undefined where it was. The browser outlives the command. */
export async function openInBrowser(
  url: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const words = browser(environment);
  if (words === undefined) return 'there is no screen here to open it on';
  const [program, ...args] = words;
  return await new Promise((resolve) => {
    const child = spawn(program, [...args, url], { detached: true, stdio: 'ignore' });
    child.once('error', ({ message }) => resolve(`cannot open it: ${message}`));
    child.once('spawn', () => {
      child.unref();
      resolve(undefined);
    });
  });
}
