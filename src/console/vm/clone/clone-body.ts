/** What is asked of a copy, and the request that it comes to. */
import type { VmClone } from '#api';

export interface CloneAnswers {
  readonly name: string;
  /** Path of the folder in which it is filed. */
  readonly folder: string;
  readonly kind: 'full' | 'linked';
  /** Id of the snapshot that it shall be like; empty: the present. */
  readonly snapshot: string;
  /** Folder of the host; empty: the usual one. */
  readonly path: string;
  readonly generalised: boolean;
  /** Only of the present of a vm that runs. */
  readonly quiesce: boolean;
}

export function cloneBody({
  name,
  folder,
  kind,
  snapshot,
  path,
  generalised,
  quiesce,
}: CloneAnswers): VmClone {
  return {
    name,
    folder,
    ...(kind === 'linked' ? { linked: true } : {}),
    ...(snapshot === '' ? {} : { snapshot }),
    ...(path === '' ? {} : { path }),
    ...(quiesce && snapshot === '' ? { quiesce } : {}),
    ...(generalised ? { generalised } : {}),
  };
}
