/**
 * What a connection's name says it is about. `/all`, `/system` and an empty path: every vm; `/host/NAME`: those of
 * one host; `/folder/PATH`: those of a folder and the folders in it. The driver's name is ours or QEMU's, for
 * programs that know no other; `scvmm` narrows all of these to the vms of System Center servers.
 */
import type { Host, Vm } from '#api';
import { Fault } from '#lib';
import { libvirtFault } from '#libvirt';
import { findFolder, findHost } from '../app/find.ts';
import type { Caller } from '../context.ts';
import type { Inventory } from '../inventory/inventory.ts';

export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'host'; readonly id: string; readonly name: string }
  | { readonly kind: 'folder'; readonly id: string };

export interface Named {
  readonly scope: Scope;
  /** Hosts with this driver alone. */
  readonly driver?: 'scvmm';
  /** What the client is told it is connected to. */
  readonly type: 'Gantry' | 'QEMU' | 'SCVMM';
}

const names: Readonly<Record<string, Pick<Named, 'driver' | 'type'>>> = {
  gantry: { type: 'Gantry' },
  qemu: { type: 'QEMU' },
  scvmm: { type: 'SCVMM', driver: 'scvmm' },
};

const maxNameLength = 2048;

/** Errors: NO_CONNECT for what is none of our names; `not-found` for a host or folder that is not seen. */
export function readName(name: string | null, inventory: Inventory, caller: Caller): Named {
  const match = /^(?:(\w+):\/\/[^/]*)?(\/[^?#]*)?(?:[?#].*)?$/s.exec(
    (name ?? '').slice(0, maxNameLength),
  );
  const driver = match?.[1] ?? 'gantry';
  const named = Object.hasOwn(names, driver) ? names[driver] : undefined;
  if (match === null || named === undefined) throw noConnection(name);
  const [kind = '', ...rest] = decode(match[2] ?? '/')
    .split('/')
    .slice(1);
  const reference = rest.join('/');
  if (reference === '' && ['', 'all', 'system', 'folder'].includes(kind))
    return { scope: { kind: 'all' }, ...named };
  if (kind === 'host' && reference !== '') {
    const { id, data } = findHost(inventory, caller, reference);
    return { scope: { kind, id, name: data.name }, ...named };
  }
  if (kind === 'folder') {
    const { id } = findFolder(inventory, caller, `/${reference}`);
    return { scope: { kind, id }, ...named };
  }
  if (kind === 'cluster')
    throw libvirtFault(
      'NO_CONNECT',
      `there is no cluster ${reference.slice(0, 100)}: hosts are not grouped into clusters here; connect to gantry:///host/NAME or gantry:///folder/PATH`,
    );
  throw noConnection(name);
}

/** Whether the connection shows the host. */
export function showsHost({ scope, driver }: Named, host: Pick<Host, 'id' | 'driver'>): boolean {
  return (
    (driver === undefined || host.driver === driver) &&
    (scope.kind !== 'host' || scope.id === host.id)
  );
}

export function isInScope(
  { scope, driver }: Named,
  vm: Pick<Vm, 'driver' | 'hostId' | 'folderId'>,
  inventory: Pick<Inventory, 'foldersAbove'>,
): boolean {
  if (driver !== undefined && vm.driver !== driver) return false;
  switch (scope.kind) {
    case 'all':
      return true;
    case 'host':
      return vm.hostId === scope.id;
    case 'folder':
      return inventory.foldersAbove(vm.folderId).includes(scope.id);
  }
}

/** Another one for each scope. */
export function scopeText(scope: Scope): string {
  return scope.kind === 'all' ? 'all' : `${scope.kind} ${scope.id}`;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Fault('invalid', 'the path of the connection is not properly encoded');
  }
}

function noConnection(name: string | null): Fault {
  const shown = (name ?? '').slice(0, 200);
  return libvirtFault(
    'NO_CONNECT',
    `no connection driver available for ${shown}; names here are gantry:///all, gantry:///host/NAME and gantry:///folder/PATH`,
  );
}
