/** Where this machine gets Debian from: the archives apt is set up with, so that a mirror or proxy is used too. */
import { Fault } from '#lib';
import { runTool } from '../run.ts';

export interface Archive {
  /** As `bookworm`. */
  readonly codename: string;
  /** Lines of a sources.list. */
  readonly sources: string;
}

const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN) $(CODENAME)';

/** Errors: `unsupported` on a machine whose apt has no Debian archive. */
export async function readArchive(signal?: AbortSignal): Promise<Archive> {
  const argv = ['indextargets', '--format', format, 'Created-By: Packages'];
  const text = (await runTool(['apt-get', ...argv], { signal })).toString('utf8');
  return parseArchive(text);
}

export function parseArchive(text: string): Archive {
  const targets = text
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(([, , component, origin]) => component === 'main' && origin === 'Debian');
  const codenames = targets.map(([, , , , codename = '']) => codename);
  const codename = codenames.find((name) => /^[a-z]+$/.test(name));
  if (codename === undefined) {
    throw new Fault('unsupported', 'apt on this machine has no Debian archive', {
      hint: 'build Debian images on a Debian machine',
    });
  }
  const own = targets.filter(([, , , , name = '']) => name.split('-')[0] === codename);
  const lines = own.map(([uri = '', release = '']) => `deb ${uri} ${release} main`);
  return { codename, sources: `${[...new Set(lines)].join('\n')}\n` };
}
