/** Contents that belong to a vm beside its disks on their way over the link (docs/rfd/0034): gzip, in base64. Nothing here is logged. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { maxKeptBytes } from '#api';
import { Fault } from '#lib';

export async function packContent(bytes: Buffer): Promise<string> {
  return (await promisify(gzip)(bytes)).toString('base64');
}

/** Errors: `invalid` for what is not packed so, or becomes larger than it may. */
export async function unpackContent(packed: string): Promise<Buffer> {
  try {
    const options = { maxOutputLength: maxKeptBytes };
    return await promisify(gunzip)(Buffer.from(packed, 'base64'), options);
  } catch (cause) {
    throw new Fault('invalid', 'contents that are not packed as they should be', { cause });
  }
}
