/** The version of this program, from package.json: the product has one version. */
import { readFileSync } from 'node:fs';
import { Fault } from '#lib';

const path = new URL('../../package.json', import.meta.url);

function readVersion(text: string): string {
  const found: unknown = JSON.parse(text);
  if (typeof found === 'object' && found !== null && 'version' in found) {
    const { version } = found;
    if (typeof version === 'string' && version.length <= 64) return version;
  }
  throw new Fault('internal', `${path.pathname} says no version of this program`);
}

export const cliVersion: string = readVersion(readFileSync(path, 'utf8'));
