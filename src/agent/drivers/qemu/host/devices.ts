/**
 * Devices that a host is looked through for (HOST-05), as sysfs shows them: without storage or network adapter little can
 * be done, an optical drive and a display are nothing that a host must have.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tellFinding, type Finding } from '#api';

const maxNames = 8;
const leastWidth = 800;
const leastHeight = 600;

interface Device {
  readonly check: string;
  readonly folder: string;
  readonly names: RegExp;
  readonly missing: 'warning' | 'information';
}

const devices: readonly Device[] = [
  {
    check: 'storage adapter',
    folder: 'block',
    names: /^(?!loop|ram|zram|sr\d|fd\d|dm-|md\d)/,
    missing: 'warning',
  },
  {
    check: 'network adapter',
    folder: 'class/net',
    names: /^(?!lo$|g(br|tap|svc)\d)/,
    missing: 'warning',
  },
  { check: 'optical drive', folder: 'class/block', names: /^sr\d/, missing: 'information' },
];

export async function findDevices(sysfs = '/sys'): Promise<Finding[]> {
  const found = devices.map(async ({ check, folder, names, missing }) =>
    judge(check, await list(join(sysfs, folder), names), missing),
  );
  return [...(await Promise.all(found)), await findDisplay(join(sysfs, 'class/drm'))];
}

async function findDisplay(folder: string): Promise<Finding> {
  const check = 'display';
  const connectors = await list(folder, /^card\d+-/);
  const modes = await Promise.all(
    connectors.map(async (name) => {
      const text = await readFile(join(folder, name, 'modes'), 'utf8').catch(() => '');
      const [, width = 0, height = 0] = (/^(\d+)x(\d+)/.exec(text) ?? []).map(Number);
      return { name, width, height };
    }),
  );
  // The first mode of a connector is the one that its screen prefers.
  const lit = modes.filter(({ width }) => width > 0);
  const said = lit.map(({ name, width, height }) => `${name} ${width} × ${height}`);
  const large = lit.some(({ width, height }) => width >= leastWidth && height >= leastHeight);
  if (large || lit.length === 0) return judge(check, said, 'information');
  const displays = said.slice(0, maxNames).join(', ');
  return { check, result: 'information', ...tellFinding('display-small', { displays }) };
}

async function list(folder: string, names: RegExp): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((entry) => names.test(entry)).sort();
}

function judge(check: string, found: readonly string[], missing: Device['missing']): Finding {
  return found.length > 0
    ? { check, result: 'ok', evidence: found.slice(0, maxNames).join(', '), remedy: null }
    : { check, result: missing, ...tellFinding('device-missing', { device: check }) };
}
