/** Seed CDs for cloud-init's NoCloud data source: a CD labelled CIDATA with user-data and meta-data. */
import { Fault } from '#lib';
import { createIso } from './iso.ts';

export interface SeedRequest {
  /** Where the CD image is written. */
  readonly path: string;
  /** cloud-init's user data: `#cloud-config` YAML, a script, or MIME. May hold secrets: guard the file. */
  readonly userData: string;
  /** YAML or JSON with at least instance-id; a new instance-id makes the guest configure itself anew. */
  readonly metaData: string;
  /** cloud-init network configuration, version 2; without it every card asks for an address by DHCP. */
  readonly networkConfig?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const maxTextBytes = 1024 * 1024;

/** Errors: `too-large` for a text over 1 MiB, `invalid` without instance-id. */
export async function makeSeedIso(request: SeedRequest): Promise<void> {
  const { path, userData, metaData, networkConfig, signal } = request;
  if (!/instance-id/.test(metaData)) {
    throw new Fault('invalid', 'the meta-data of a seed CD has no instance-id', {
      hint: 'add a line instance-id with a name that is new for each machine',
    });
  }
  const texts = [
    ['user-data', userData],
    ['meta-data', metaData],
    ...(networkConfig === undefined ? [] : [['network-config', networkConfig] as const]),
  ] as const;
  const files = texts.map(([name, text]) => {
    const data = Buffer.from(text);
    if (data.length > maxTextBytes) {
      throw new Fault('too-large', `${name} of a seed CD has ${data.length} bytes`, {
        hint: `keep it below ${maxTextBytes} bytes`,
      });
    }
    return { path: name, data };
  });
  await createIso({ path, label: 'CIDATA', files, signal });
}
