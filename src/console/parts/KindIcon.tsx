/** What kind of thing something is, as a picture; whoever shows it says the kind in words beside it. */
import { CubesIcon } from '@patternfly/react-icons/dist/esm/icons/cubes-icon';
import { FolderIcon } from '@patternfly/react-icons/dist/esm/icons/folder-icon';
import { HddIcon } from '@patternfly/react-icons/dist/esm/icons/hdd-icon';
import { NetworkIcon } from '@patternfly/react-icons/dist/esm/icons/network-icon';
import { ServerIcon } from '@patternfly/react-icons/dist/esm/icons/server-icon';
import { VirtualMachineIcon } from '@patternfly/react-icons/dist/esm/icons/virtual-machine-icon';
import type { ComponentType, ReactNode } from 'react';
import type { TextKey } from '../i18n/en.ts';

/** Each is the key of its name. */
export type ThingKind = Extract<
  TextKey,
  'folder' | 'host' | 'virtualMachine' | 'team' | 'network' | 'image'
>;

const icons: Readonly<Record<ThingKind, ComponentType>> = {
  folder: FolderIcon,
  host: ServerIcon,
  virtualMachine: VirtualMachineIcon,
  team: CubesIcon,
  network: NetworkIcon,
  image: HddIcon,
};

export function KindIcon({ kind }: { readonly kind: ThingKind }): ReactNode {
  const Icon = icons[kind];
  return <Icon />;
}
