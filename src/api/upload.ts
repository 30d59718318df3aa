/**
 * Files on their way to a host: begun with their length, sent in parts of which each goes on where the last one ended, and finished
 * by the verb `upload` of work on disk files (docs/rfd/0037).
 */
import { z } from 'zod';
import { idSchema, timeSchema } from './ids.ts';

/** What one request may send; it has a minute to arrive. */
export const maxUploadPartBytes = 64 * 1024 ** 2;
/** Uploads of one host that have not ended. */
export const maxUploads = 32;
/** What an archive may unpack to. */
export const maxUnpackedBytes = 8 * 1024 ** 4;
/** An upload of which nobody has sent a part for so long is given up. */
export const uploadIdleMs = 24 * 60 * 60 * 1000;

export const packings = ['none', 'gzip', 'xz', 'zstd', 'zip'] as const;
export type Packing = (typeof packings)[number];

const bytes = z.number().int().min(0);
const maxNameBytes = 200;
const control = /\p{Cc}/u;

const target = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => {
    const name = text.slice(text.lastIndexOf('/') + 1);
    const length = new TextEncoder().encode(name).length;
    return length > 0 && length <= maxNameBytes && !name.startsWith('.') && !control.test(text);
  }, 'is not the name of a file')
  .refine(
    (text) => (text.startsWith('/') || !text.includes('/')) && !text.split('/').includes('..'),
    'is neither a name nor an absolute path',
  );

export const uploadBeginSchema = z
  .strictObject({
    file: target.meta({
      description:
        "the file to make: its path on the host, or a name in the host's folder for vms; nothing has its name yet, unless it replaces that",
    }),
    sizeBytes: bytes
      .max(2 ** 50)
      .nullable()
      .meta({ description: 'of what is sent; null: whoever sends it says when that was all' }),
    replaces: z.boolean().default(false).meta({
      description:
        'the file is there, and has this content instead when all has come; until then it stays as it is, but for a libvirt host, which writes into it as it comes',
    }),
    startsAt: bytes
      .max(2 ** 50)
      .optional()
      .meta({
        description:
          'where in the file what is sent begins, 0 where nothing is said; of a volume of a libvirt host that is there',
      }),
    packing: z.enum(packings).default('none').meta({
      description: 'how it is packed; it is unpacked on its way, a zip with one file in it',
    }),
    fingerprint: z.string().max(200).default('').meta({
      description:
        'of the content, as the client likes; begun again with the same one, the same upload goes on',
    }),
  })
  .meta({ id: 'HostUploadBegin', description: 'a file that is to be sent to a host' });
export type UploadBegin = z.infer<typeof uploadBeginSchema>;

export const hostUploadSchema = z
  .strictObject({
    id: idSchema,
    file: z.string().max(1024).meta({ description: 'by its path on the host' }),
    sizeBytes: bytes.nullable().meta({ description: 'of what is sent; null: not known yet' }),
    packing: z.enum(packings),
    receivedBytes: bytes.meta({ description: 'where the next part begins' }),
    contentBytes: bytes.meta({ description: 'what has been written, zeros counted' }),
    state: z
      .enum(['open', 'done'])
      .meta({ description: 'done: the file is there; the upload is still known for a day' }),
    begunAt: timeSchema,
    idleAt: timeSchema.meta({ description: 'when it is given up if nothing more comes' }),
  })
  .meta({ id: 'HostUpload', description: 'a file on its way to a host' });
export type HostUpload = z.infer<typeof hostUploadSchema>;

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in 64 hexadecimal digits');

/** What a file has to be, as a manifest says. */
export const digestSchema = z.strictObject({
  algorithm: z.enum(['sha1', 'sha256', 'sha512']),
  hex: z.string().regex(/^[0-9a-f]{40,128}$/),
});

const heads: readonly { readonly packing: Packing; readonly bytes: readonly number[] }[] = [
  { packing: 'gzip', bytes: [0x1f, 0x8b, 0x08] },
  { packing: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { packing: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { packing: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
];

/** How many bytes `packingOf` looks at. */
export const packingHeadBytes = 6;

/** What the first bytes of a file tell (RFC 1952, the formats of xz and Zstandard (RFC 8878), APPNOTE.TXT). */
export function packingOf(head: Uint8Array): Packing {
  const found = heads.find(({ bytes: known }) => known.every((byte, at) => head[at] === byte));
  return found?.packing ?? 'none';
}

/** What an archive of several files is called without its suffix; undefined for the name of none. */
export function archiveStem(name: string): string | undefined {
  const stem = name.replace(/\.(?:zip|ova|tar|tgz|txz|tzst|tar\.(?:gz|xz|zst|zstd))$/i, '');
  return stem === name || stem === '' || stem.endsWith('/') ? undefined : stem;
}

/** The name that a file has when it is unpacked. */
export function unpackedName(name: string, packing: Packing): string {
  if (packing === 'none') return name;
  const bare = name.replace(/\.(?:gz|gzip|xz|zst|zstd|zip)$/i, '');
  return bare === '' ? name : bare;
}
