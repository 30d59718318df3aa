/** The console at an address of another machine than the coordinator's. */
import { once } from 'node:events';
import { describeFault, Fault } from '#lib';
import { command, type Command } from '../command.ts';
import { findServer } from '../connection.ts';
import { readPem } from '../read-pem.ts';
import { FrontEnd } from '../web/front-end.ts';

const place = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i;

export const webCommands: readonly Command[] = [
  command({
    name: 'web',
    summary: 'serve the console here for a coordinator on another machine, until it is interrupted',
    args: [],
    options: {
      listen: {
        type: 'text',
        value: 'ADDRESS:PORT',
        meaning: 'of this machine; default 127.0.0.1:7444; port 0 takes a free one',
      },
      certificate: {
        type: 'text',
        value: 'FILE',
        meaning: 'what browsers are shown: a certificate and those above it, PEM',
      },
      key: { type: 'text', value: 'FILE', meaning: 'its key, PEM without a passphrase' },
      authority: {
        type: 'text',
        value: 'FILE',
        meaning:
          "of the coordinator's installation, PEM (also GANTRY_AUTHORITY); default: what this machine trusts",
      },
    },
    examples: [
      'gantry web --server https://coordinator.example.org:7443 --authority authority.pem --listen 0.0.0.0:443 --certificate chain.pem --key key.pem',
    ],
    async run({ installation, options, out, dryRun, signal }) {
      const { certificate, key, authority, listen = '127.0.0.1:7444' } = options;
      const [, host = '', port = ''] = place.exec(listen) ?? [];
      if (host === '' || Number(port) > 65_535)
        throw new Fault('invalid', `cannot serve at "${listen.slice(0, 80)}"`, {
          hint: 'give an address of this machine and a port: --listen 0.0.0.0:443',
        });
      if (certificate === undefined || key === undefined)
        throw new Fault('invalid', 'browsers are shown a certificate, which is not given', {
          hint: 'give --certificate FILE and --key FILE for the name that people ask for',
        });
      const server = findServer(installation, process.env);
      const coordinator = new URL(server.server);
      if (coordinator.protocol !== 'https:')
        throw new Fault('invalid', `${coordinator.origin} is without TLS`, {
          hint: 'give the address of the coordinator with https://',
        });
      await using frontEnd = await FrontEnd.open({
        coordinator,
        authority: authority === undefined ? server.authority : await readPem(authority),
        certificate: { chain: await readPem(certificate), key: await readPem(key) },
        listen: { host: host.replace(/[[\]]/g, ''), port: Number(port) },
        onFault: (fault) => out.note(describeFault(fault)),
      });
      if (dryRun) {
        await frontEnd.tryCoordinator();
        return out.line(`would serve the console of ${coordinator.origin} at ${frontEnd.url}`);
      }
      // A coordinator that is away comes back; its pages wait for it.
      await frontEnd.tryCoordinator().catch(() => undefined);
      out.line(`the console of ${coordinator.origin} is at ${frontEnd.url}`);
      if (!signal.aborted) await once(signal, 'abort');
    },
  }),
];
