/** Native viewers: where they see screens, what lets one in once, and the certificates that they are shown. */
import type { ConsoleTicket, Host, ViewerCertificate, VmViewer } from '#api';
import { command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeThing } from '../output/render.ts';
import { readPem } from '../read-pem.ts';

const hostArgument = { name: 'host', meaning: 'name or id', completes: 'host' } as const;

type Rows = readonly (readonly [string, string])[];

/** For `host show`. */
export function describeViewers({ viewers, settings }: Host): Rows {
  const { state, reason, address, ports, tls } = viewers;
  return [
    ['viewers', reason === null ? state : `${state}: ${reason}`],
    ...(state === 'off' || state === 'unsupported'
      ? []
      : ([
          ['viewers at', `${address ?? '?'} ports ${ports}, TLS ${tls}`],
          ['viewers sign in', settings.viewers.signIn],
        ] as const)),
  ];
}

function describeViewer({ state, reason, address, port, tls, signIn }: VmViewer): Rows {
  return [
    ['viewers', reason === null ? state : `${state}: ${reason}`],
    ...(port === null ? [] : [['address', `${shownAddress(address)}::${port}`] as const]),
    ['encryption', tls === 'required' ? 'TLS' : 'TLS, or none'],
    ['sign in', signIn],
  ];
}

/** As viewers take it: an IPv6 address in brackets. */
function shownAddress(address: string | null): string {
  if (address === null) return '(no value)';
  return address.includes(':') ? `[${address}]` : address;
}

function describeTicket(ticket: ConsoleTicket | undefined): Rows {
  if (ticket === undefined) return [];
  return [
    ['password', ticket.password],
    ['good until', `${localTime(ticket.expiresAt)}, once, from your address`],
  ];
}

export const viewerCommands = [
  command({
    name: 'vm viewer',
    summary: 'where native viewers (VNC) see the screen of a vm',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    options: {
      ticket: { type: 'flag', meaning: 'ask for a password that is good once, for 60 seconds' },
    },
    examples: ['gantry vm viewer hello', 'gantry vm viewer hello --ticket'],
    async run({ client, args, options, out, format, signal }) {
      const params = { vm: args[0] ?? '' };
      const viewer = await client.call('vm.viewer', { params }, signal);
      const ticket =
        options.ticket === true
          ? await client.call('vm.console.ticket', { params }, signal)
          : undefined;
      const shown = ticket === undefined ? viewer : { ...viewer, password: ticket.password };
      writeThing(out, format, shown, [...describeViewer(viewer), ...describeTicket(ticket)]);
      if (viewer.state === 'off') out.hint('gantry host set HOST settings.viewers.enabled=true');
    },
  }),
];

function describeCertificate(certificate: ViewerCertificate): Rows {
  return [
    ['issued by', certificate.issuedBy === 'gantry' ? 'the installation' : 'supplied'],
    ['names', certificate.names],
    ['expires', localTime(certificate.expiresAt)],
    ['SHA-256', certificate.fingerprint],
    ...(certificate.warning === null ? [] : [['warning', certificate.warning] as const]),
  ];
}

export const hostViewerCommands = [
  command({
    name: 'host viewer-certificate show',
    summary: 'the certificate that native viewers of a host are shown',
    args: [hostArgument],
    examples: ['gantry host viewer-certificate show h1'],
    async run({ client, args, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const shown = await client.call('host.viewer-certificate.show', { params }, signal);
      writeThing(out, format, shown, describeCertificate(shown));
    },
  }),
  command({
    name: 'host viewer-certificate set',
    summary: 'supply the certificate and the key that native viewers of a host are shown',
    args: [
      hostArgument,
      { name: 'chain', meaning: 'PEM file: the certificate and those above it', completes: 'file' },
      { name: 'key', meaning: 'PEM file, without a passphrase', completes: 'file' },
    ],
    examples: ['gantry host viewer-certificate set h1 h1.pem h1-key.pem'],
    async run({ client, args, out, format, signal }) {
      const [host = '', chainFile = '', keyFile = ''] = args;
      const body = { chain: await readPem(chainFile), key: await readPem(keyFile) };
      const asked = { params: { host }, body };
      const shown = await client.call('host.viewer-certificate.set', asked, signal);
      writeThing(out, format, shown, describeCertificate(shown));
    },
  }),
  command({
    name: 'host viewer-certificate generate',
    summary: "generate a certificate of the installation's authority in the place of what there is",
    args: [hostArgument],
    examples: ['gantry host viewer-certificate generate h1'],
    async run({ client, args, out, format, signal }) {
      const params = { host: args[0] ?? '' };
      const shown = await client.call('host.viewer-certificate.generate', { params }, signal);
      writeThing(out, format, shown, describeCertificate(shown));
    },
  }),
];
