/** The version of this program, from package.json: the product has one version. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const path = new URL('../../package.json', import.meta.url);

export const cliVersion: string = z
  .object({ version: z.string().max(64) })
  .parse(JSON.parse(readFileSync(path, 'utf8'))).version;
