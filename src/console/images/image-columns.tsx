/** The columns of images. */
import { Link } from '@tanstack/react-router';
import type { Image } from '#api';
import type { Column } from '../list/column.ts';

export const imageColumns: readonly Column<Image>[] = [
  {
    key: 'name',
    title: 'name',
    field: 'name',
    width: 14,
    first: true,
    text: (image) => image.name,
    show: (image) => (
      <Link to="/images/$image" params={{ image: image.id }}>
        {image.name}
      </Link>
    ),
    raw: (image) => image.name,
  },
  {
    key: 'kind',
    title: 'type',
    field: 'imageKind',
    width: 7,
    first: true,
    text: (image, words) => words.imageKind(image.imageKind),
    raw: (image) => image.imageKind,
  },
  {
    key: 'size',
    title: 'size',
    field: 'sizeBytes',
    width: 7,
    first: true,
    text: (image, words) => words.bytes(image.sizeBytes),
    raw: (image) => image.sizeBytes,
  },
  {
    key: 'fileSize',
    title: 'fileSize',
    field: 'fileBytes',
    width: 7,
    first: true,
    text: (image, words) => words.bytes(image.fileBytes),
    raw: (image) => image.fileBytes,
  },
  {
    key: 'format',
    title: 'format',
    field: 'format',
    width: 6,
    first: true,
    text: (image) => image.format,
    raw: (image) => image.format,
  },
  {
    key: 'host',
    title: 'host',
    field: 'host',
    width: 9,
    first: true,
    text: (image) => image.host,
    show: (image) => (
      <Link to="/hosts/$host" params={{ host: image.hostId }}>
        {image.host}
      </Link>
    ),
    raw: (image) => image.host,
  },
  {
    key: 'guestSystem',
    title: 'guestSystem',
    field: 'guestOs',
    width: 9,
    first: true,
    text: (image, words) => image.guestOs ?? words.text('notAvailable'),
    raw: (image) => image.guestOs,
  },
  {
    key: 'created',
    title: 'created',
    field: 'createdAt',
    width: 11,
    first: true,
    text: (image, words) => words.time(image.createdAt),
    raw: (image) => image.createdAt,
  },
  {
    key: 'path',
    title: 'path',
    field: 'path',
    width: 20,
    first: false,
    text: (image) => image.path,
    raw: (image) => image.path,
  },
];
