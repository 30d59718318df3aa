/**
 * Pictures as hypervisors give them: PNG as it is, the portable pixmap (ppm(5), raw) made into one. Bytes are hostile
 * until proved otherwise: sizes are bounded before anything is made of them.
 */
import { Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { encodePng, type Picture } from '../png.ts';

const maxPictureBytes = 64 * 1024 * 1024;
/** So that it fits one message of the link in base64. */
const maxPngBytes = 11 * 1024 * 1024;
const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');
/** Width, height and greatest value, with comments between them. */
const pixmapHeader =
  /^P6(?:\s|#[^\n]*\n)+(\d{1,5})(?:\s|#[^\n]*\n)+(\d{1,5})(?:\s|#[^\n]*\n)+255\s/;
const maxHeaderBytes = 1024;

/** PNG. Errors: the hypervisor's; `too-large`; `unsupported` for another format. */
export async function takeScreenshot(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<Buffer> {
  const args = { dom, screen: 0, flags: 0 };
  const { stream } = await client.open('DOMAIN_SCREENSHOT', args, { signal });
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of stream.parts(signal)) {
      if (part.kind === 'hole') throw new Fault('invalid', 'a picture with a hole in it');
      sizeBytes += part.bytes.length;
      if (sizeBytes > maxPictureBytes) throw tooLarge();
      pieces.push(part.bytes);
    }
    await stream.finish(signal);
  } finally {
    stream.abort();
  }
  const png = await toPng(Buffer.concat(pieces));
  if (png.length > maxPngBytes) throw tooLarge();
  return png;
}

/** Errors: `unsupported`, `invalid`. */
export async function toPng(bytes: Buffer): Promise<Buffer> {
  if (bytes.subarray(0, pngSignature.length).equals(pngSignature)) return bytes;
  return await encodePng(readPixmap(bytes));
}

function readPixmap(bytes: Buffer): Picture {
  const header = pixmapHeader.exec(bytes.toString('latin1', 0, maxHeaderBytes));
  if (header === null)
    throw new Fault('unsupported', 'its hypervisor gives pictures in a format that is not known');
  const [width, height] = [Number(header[1]), Number(header[2])];
  const rgb = bytes.subarray(header[0].length);
  if (width * height === 0 || rgb.length !== width * height * 3)
    throw new Fault('invalid', 'a picture that is not as large as it says');
  return { width, height, rgb };
}

function tooLarge(): Fault {
  return new Fault('too-large', 'its picture is too large to be shown');
}
