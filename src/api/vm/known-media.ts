/** The images that are known for the drives of a vm: those in the library, files in the folders of its host, and its drives. */
import { z } from 'zod';
import { mediumSchema } from './hardware.ts';

/** Kinds of drives that take images. */
export const mediaDrives = ['cd', 'floppy'] as const;
export type MediaDrive = (typeof mediaDrives)[number];

export const maxKnownMedia = 2000;

export const knownMediumSchema = z
  .strictObject({
    drive: z.enum(mediaDrives).meta({ description: 'kind of the drives that it is for' }),
    medium: mediumSchema.meta({ description: 'as it is inserted' }),
    name: z
      .string()
      .meta({ description: 'of the image, of the file, or of the drive of the host' }),
    path: z.string().meta({ description: 'on the host' }),
    sizeBytes: z
      .number()
      .int()
      .min(0)
      .meta({ description: '0: not known, of a drive of the host' }),
    builtFrom: z
      .string()
      .nullable()
      .meta({ description: 'recipe of the image builder, such as additions; null: none' }),
    vms: z.array(z.string()).max(1000).meta({
      description: 'other vms that have a process and have it in a drive',
    }),
    held: z.boolean().meta({
      description:
        'one of them writes to it, and so would this vm, or it is a drive of the host that one of them has: its insertion is refused',
    }),
  })
  .meta({ id: 'KnownMedium', description: 'an image for a drive of a vm' });
export type KnownMedium = z.infer<typeof knownMediumSchema>;

export const knownMediaSchema = z
  .strictObject({
    media: z.array(knownMediumSchema).meta({
      description: 'images of the library first, then files, then drives of the host; each by name',
    }),
    complete: z.boolean().meta({ description: 'false: there are more than were looked at' }),
  })
  .meta({ id: 'KnownMedia' });
export type KnownMedia = z.infer<typeof knownMediaSchema>;
