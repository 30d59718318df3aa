/** What is asked of a domain, given to its hypervisor as it was asked and answered as it answers (src/api/link/ask-methods.ts). */
import { tuneWrites } from '#api';
import { packReturn, unpackArgs, type Client } from '#libvirt';
import type { Handlers } from '../link/calls.ts';
import { asToldThere } from './as-told-there.ts';
import type { ForeignMachines } from './machines.ts';

export interface AskTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  /** Looks at the hypervisor, and reads all of this vm, now. */
  readonly read: (uuid: string) => Promise<void>;
}

const writes: ReadonlySet<string> = new Set(tuneWrites);

export function askVerbs({ client, machines, read }: AskTools): Pick<Handlers, 'machine.ask'> {
  return {
    async 'machine.ask'({ id, procedure, args }, { signal }) {
      const { handle: dom } = machines.find(id);
      const asked = { ...unpackArgs(procedure, Buffer.from(args, 'base64')), dom };
      const ret = await client.call(procedure, asked, { signal }).catch(asToldThere);
      // Some of it is in the definition, as limits of adapters are.
      if (writes.has(procedure)) await read(dom.uuid).catch(() => undefined);
      return { ret: packReturn(procedure, ret).toString('base64') };
    },
  };
}
