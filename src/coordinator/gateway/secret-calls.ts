/**
 * Secrets, which libvirt's clients refer to in disks, pools and TPMs: there are none, since nothing that Gantry runs takes one. What a vm
 * needs to be kept from others is sealed with its host.
 */
import { libvirtFault, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  | `CONNECT_${'LIST_ALL' | 'NUM_OF' | 'LIST'}_SECRETS`
  | `SECRET_LOOKUP_BY_${'UUID' | 'USAGE'}`
  | 'SECRET_DEFINE_XML'
  | `SECRET_${'GET_XML_DESC' | 'SET_VALUE' | 'GET_VALUE' | 'UNDEFINE'}`
>;

export function secretCalls({ parts: { desk, caller } }: Connection): Calls {
  const listed = <T>(answer: T): T => {
    desk.admit(caller, 'host.list');
    return answer;
  };
  const missing = ({ secret }: { readonly secret: { readonly uuid: string } }): never =>
    noSecret('uuid', secret.uuid);
  return {
    CONNECT_LIST_ALL_SECRETS: () => listed({ secrets: [], ret: 0 }),
    CONNECT_NUM_OF_SECRETS: () => listed({ num: 0 }),
    CONNECT_LIST_SECRETS: () => listed({ uuids: [] }),
    SECRET_LOOKUP_BY_UUID: ({ uuid }) => noSecret('uuid', uuid),
    SECRET_LOOKUP_BY_USAGE: ({ usageID }) => noSecret('usage', usageID),
    SECRET_DEFINE_XML: () => {
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        'no disk, pool or TPM of a vm takes a secret here: encrypt inside of the guest, or the volumes of the host',
      );
    },
    SECRET_GET_XML_DESC: missing,
    SECRET_SET_VALUE: missing,
    SECRET_GET_VALUE: missing,
    SECRET_UNDEFINE: missing,
  };
}

function noSecret(by: 'uuid' | 'usage', what: string): never {
  throw libvirtFault(
    'NO_SECRET',
    `Secret not found: no secret with matching ${by} '${what.slice(0, 200)}'`,
  );
}
