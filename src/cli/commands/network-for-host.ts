/**
 * In one step the networks that a host is usually wanted to have: an internal one, and a bridged one for each of its
 * adapters (docs/rfd/0017). What is there already stays, so that it may be asked for again.
 */
import { networkCreateSchema, planForHost } from '#api';
import { command, type Command } from '../command.ts';
import { collect } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { tellWarnings } from '../progress.ts';

export const networkForHostCommands: readonly Command[] = [
  command({
    name: 'network create-for-host',
    summary:
      'create an internal network, and a bridged one for each adapter of a host; those that are there stay',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    examples: ['gantry network create-for-host h1'],
    async run({ args, client, out, dryRun, signal }) {
      const host = args[0] ?? '';
      const { items } = await client.call('host.adapters', { params: { host } }, signal);
      const networks = await collect({ client, signal }, 'network.list', {
        query: {},
        limit: undefined,
      });
      const { create, toShare } = planForHost(items, networks);
      for (const one of create) {
        const body = networkCreateSchema.parse(one);
        const network = await client.call('network.create', { body, query: {} }, signal);
        const at = network.adapter === null ? '' : ` at ${network.adapter}`;
        out.line(`network ${network.name}${at} ${wasOrWouldBe({ dryRun })} created`);
        tellWarnings(out, network);
      }
      if (create.length === 0) out.line('all of them are there already');
      // Sharing may cut the host off: it is asked for by itself, tried, verified and undone unless confirmed.
      for (const name of toShare) {
        out.note(
          `the adapter ${name} has addresses of the host: vms can be on its network once both share it`,
        );
        out.hint(`gantry host set-adapter ${host} ${name} --use shared`);
      }
    },
  }),
];
