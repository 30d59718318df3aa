/** What the wizard asks, and the request it comes to. */
import { giB, miB } from '#lib';
import type { CallInput, Image, Network } from '#api';

export type CreateBody = CallInput<'vm.create'>['body'];

export const sizes = {
  small: { processors: 1, memoryMiB: 512 },
  medium: { processors: 2, memoryMiB: 2048 },
  large: { processors: 4, memoryMiB: 8192 },
} as const;
export type Size = keyof typeof sizes;

export const diskChoices = ['image', 'new', 'existing', 'none'] as const;
export type DiskChoice = (typeof diskChoices)[number];

export interface Answers {
  readonly name: string;
  readonly disk: DiskChoice;
  readonly image: string;
  readonly diskGiB: string;
  readonly file: string;
  readonly format: 'qcow2' | 'raw';
  readonly processors: string;
  readonly memoryMiB: string;
  /** The id of a network, or one of the contract's words. */
  readonly network: string;
  readonly host: string;
  readonly folder: string;
  readonly profile: '' | 'classic' | 'modern';
  readonly guestOs: string;
  readonly start: boolean;
  /** What is set under advanced; undefined: nothing. */
  readonly definition: Readonly<Record<string, unknown>> | undefined;
}

/** What there is to choose from. */
export interface Choices {
  readonly images: readonly Image[];
  readonly networks: readonly Network[];
}

/** The network that an installation has from its first start on. */
const usualNetwork = 'default';

/** A vm from the image that is there, small, with a network, running: enter and a name. */
export function firstAnswers({ images, networks }: Choices): Answers {
  const image = images.find(({ builtFrom }) => builtFrom === 'starter') ?? images[0];
  return {
    name: '',
    disk: image === undefined ? 'new' : 'image',
    image: image?.id ?? '',
    diskGiB: '',
    file: '',
    format: 'qcow2',
    processors: String(sizes.small.processors),
    memoryMiB: String(sizes.small.memoryMiB),
    network: networks.find(({ name }) => name === usualNetwork)?.id ?? 'user',
    host: '',
    folder: '/',
    profile: '',
    guestOs: '',
    start: true,
    definition: undefined,
  };
}

export const defaultDiskGiB = 20;

export function isSourceReady({ disk, image, file }: Answers): boolean {
  return disk === 'image' ? image !== '' : disk !== 'existing' || file !== '';
}

/** Undefined where it is to be plugged into none of them. */
export function chosenNetwork(
  { network }: Answers,
  networks: readonly Network[],
): Network | undefined {
  return networks.find(({ id }) => id === network);
}

export function createBody(answers: Answers, images: readonly Image[]): CreateBody {
  const image = images.find(({ id }) => id === answers.image);
  // An image lies on one host, and the vm beside it.
  const host = answers.disk === 'image' ? (image?.hostId ?? '') : answers.host;
  return {
    name: answers.name,
    memoryBytes: Math.round(Number(answers.memoryMiB) * miB),
    processors: Number(answers.processors),
    disk: createDisk(answers),
    network: answers.network,
    folder: answers.folder,
    start: answers.start,
    ...(host === '' ? {} : { host }),
    ...(answers.profile === '' ? {} : { profile: answers.profile }),
    ...(answers.guestOs === '' ? {} : { guestOs: answers.guestOs }),
    ...(answers.definition === undefined
      ? {}
      : { definition: answers.definition as CreateBody['definition'] }),
  };
}

function createDisk(answers: Answers): CreateBody['disk'] {
  const sizeBytes = answers.diskGiB === '' ? undefined : Math.round(Number(answers.diskGiB) * giB);
  switch (answers.disk) {
    case 'image':
      return {
        kind: 'image',
        image: answers.image,
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
      };
    case 'new':
      return {
        kind: 'new',
        sizeBytes: sizeBytes ?? defaultDiskGiB * giB,
        format: answers.format,
      };
    case 'existing':
      return { kind: 'existing', file: answers.file, format: answers.format };
    case 'none':
      return { kind: 'none' };
  }
}
