/** The columns of images. */
import { Link } from '@tanstack/react-router';
import type { Image } from '#api';
import { columnOf, type Column } from '../list/column.ts';

const column = columnOf<Image>();

export const imageColumns: readonly Column<Image>[] = [
  column({
    key: 'name',
    field: 'name',
    width: 14,
    raw: (image) => image.name,
    show: (image) => (
      <Link to="/images/$image" params={{ image: image.id }}>
        {image.name}
      </Link>
    ),
  }),
  column({
    key: 'kind',
    title: 'type',
    field: 'imageKind',
    width: 7,
    raw: (image) => image.imageKind,
    say: (kind, words) => words.imageKind(kind),
  }),
  column({
    key: 'size',
    field: 'sizeBytes',
    width: 7,
    raw: (image) => image.sizeBytes,
    say: (size, words) => words.bytes(size),
  }),
  column({
    key: 'fileSize',
    field: 'fileBytes',
    width: 7,
    raw: (image) => image.fileBytes,
    say: (size, words) => words.bytes(size),
  }),
  column({ key: 'format', field: 'format', width: 6, raw: (image) => image.format }),
  column({
    key: 'host',
    field: 'host',
    width: 9,
    raw: (image) => image.host,
    show: (image) => (
      <Link to="/hosts/$host" params={{ host: image.hostId }}>
        {image.host}
      </Link>
    ),
  }),
  column({ key: 'guestSystem', field: 'guestOs', width: 9, raw: (image) => image.guestOs }),
  column({
    key: 'created',
    field: 'createdAt',
    width: 11,
    raw: (image) => image.createdAt,
    say: (time, words) => words.time(time),
  }),
  column({ key: 'path', field: 'path', width: 20, hidden: true, raw: (image) => image.path }),
];
