/** What is asked of a domain, or of its hypervisor's machine, given to its hypervisor as it was asked and answered as it answers (src/api/link/ask-methods.ts). */
import { dumpProcedures, tuneWrites } from '#api';
import { packReturn, unpackArgs, type Client } from '#libvirt';
import type { Handlers } from '../link/calls.ts';
import { asToldThere } from './as-told-there.ts';
import { nameDisk } from './disk-names.ts';
import type { ForeignMachines } from './machines.ts';

export interface AskTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  /** Looks at the hypervisor, and reads all of this vm, now. */
  readonly read: (uuid: string) => Promise<void>;
}

const changes: ReadonlySet<string> = new Set([
  ...tuneWrites,
  ...dumpProcedures,
  'DOMAIN_BLOCK_JOB_ABORT',
]);

export function askVerbs({
  client,
  machines,
  read,
}: AskTools): Pick<Handlers, 'machine.ask' | 'host.ask'> {
  return {
    async 'host.ask'({ procedure, args }, { signal }) {
      const asked = unpackArgs(procedure, Buffer.from(args, 'base64'));
      const ret = await client.call(procedure, asked, { signal }).catch(asToldThere);
      return { ret: packReturn(procedure, ret).toString('base64') };
    },
    async 'machine.ask'({ id, procedure, args, place }, { signal }) {
      const { handle: dom } = machines.find(id);
      const said = { ...unpackArgs(procedure, Buffer.from(args, 'base64')), dom };
      const asked = place === undefined ? said : await nameDisk(client, dom, said, place, signal);
      const ret = await client.call(procedure, asked, { signal }).catch(asToldThere);
      // Some of it is in the definition, as limits of adapters are, and the file of a disk; while its
      // memory is written it stands still.
      if (changes.has(procedure)) await read(dom.uuid).catch(() => undefined);
      return { ret: packReturn(procedure, ret).toString('base64') };
    },
  };
}
