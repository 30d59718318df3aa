/** Checkpoints, from which libvirt's clients make backups of what has changed: no vm has one, and none can be made. */
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_LIST_ALL_CHECKPOINTS'
  | `DOMAIN_CHECKPOINT_${'CREATE_XML' | 'LOOKUP_BY_NAME' | 'LIST_ALL_CHILDREN'}`
  | `DOMAIN_CHECKPOINT_${'GET_XML_DESC' | 'GET_PARENT' | 'DELETE'}`
  | `DOMAIN_BACKUP_${'BEGIN' | 'GET_XML_DESC'}`
>;

export function checkpointCalls(connection: Connection): Calls {
  const refuse = ({ dom }: { readonly dom: DomainHandle }): never => {
    const { name } = connection.find(dom.uuid);
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `blocks that change are not kept track of: copy ${name} whole, as a snapshot holds it (virsh snapshot-create-as; gantry vm clone --snapshot)`,
    );
  };
  const missing = (dom: DomainHandle, name: string): never => {
    connection.find(dom.uuid);
    throw libvirtFault(
      'NO_DOMAIN_CHECKPOINT',
      `Domain checkpoint not found: no domain checkpoint with matching name '${name.slice(0, 200)}'`,
    );
  };
  const gone = (handle: {
    readonly checkpoint: { readonly name: string; readonly dom: DomainHandle };
  }): never => missing(handle.checkpoint.dom, handle.checkpoint.name);
  return {
    DOMAIN_LIST_ALL_CHECKPOINTS: ({ dom }) => {
      connection.find(dom.uuid);
      return { checkpoints: [], ret: 0 };
    },
    DOMAIN_CHECKPOINT_CREATE_XML: refuse,
    DOMAIN_CHECKPOINT_LOOKUP_BY_NAME: ({ dom, name }) => missing(dom, name),
    DOMAIN_CHECKPOINT_LIST_ALL_CHILDREN: gone,
    DOMAIN_CHECKPOINT_GET_XML_DESC: gone,
    DOMAIN_CHECKPOINT_GET_PARENT: gone,
    DOMAIN_CHECKPOINT_DELETE: gone,
    DOMAIN_BACKUP_BEGIN: refuse,
    DOMAIN_BACKUP_GET_XML_DESC: ({ dom }) => {
      connection.find(dom.uuid);
      throw libvirtFault(
        'NO_DOMAIN_BACKUP',
        'Domain backup job id not found: no domain backup job present',
      );
    },
  };
}
