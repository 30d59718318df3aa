/** Whether a file is an image of the kind that somebody says it is, and of which where nobody does. */
import { imageKinds, type LinkParams, type LinkResult } from '#api';
import { identifyFile, type FileIdentity } from '#identify';
import { Fault } from '#lib';

type Said = Pick<LinkParams<'image.inspect'>, 'format' | 'imageKind'>;
type Judged = Pick<LinkResult<'image.inspect'>, 'format' | 'imageKind'>;

/** Errors: `refused` naming what the file is; `not-found`, `forbidden`. */
export async function judgeImage(path: string, said: Said): Promise<Judged> {
  // What a raw disk holds is its guest's, so it may look like anything.
  if (said.format === 'raw' && said.imageKind === 'disk')
    return { format: 'raw', imageKind: 'disk' };
  const found = await identifyFile(path);
  if (found.group === 'unknown' && said.imageKind !== null && said.format !== 'qcow2')
    return { format: 'raw', imageKind: said.imageKind };
  const is = imageOf(found);
  const isSaid =
    is !== undefined &&
    [is.format, null].includes(said.format) &&
    [is.imageKind, null].includes(said.imageKind);
  if (isSaid) return is;
  const version = found.version === null ? '' : `, version ${found.version}`;
  const wanted = is === undefined ? 'an image' : `a ${said.imageKind ?? said.format} image`;
  const [use] = found.uses;
  throw new Fault('refused', `${path} is not ${wanted}: it is ${found.title}${version}`, {
    facts: { file: path, group: found.group, format: found.format },
    hint: use === undefined ? 'name another file' : `${use.what}: ${use.how}`,
  });
}

/** Images are what QEMU opens by itself. */
function imageOf({ group, format }: FileIdentity): Judged | undefined {
  if (group === 'cd' || group === 'floppy') return { format: 'raw', imageKind: group };
  if (group !== 'disk' || (format !== 'qcow2' && format !== 'raw')) return undefined;
  return { format, imageKind: imageKinds[0] };
}
