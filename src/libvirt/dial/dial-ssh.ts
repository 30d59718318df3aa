/**
 * Byte streams through ssh: to libvirt's daemon, where the far side runs libvirt's own helper, or netcat on the
 * daemon's socket where there is no helper; and to other services of the far side (dial-beside.ts). ssh is spawned
 * without a shell on this side; the far side has one by the nature of ssh, so that everything that goes into its
 * command is quoted.
 */
import { spawn } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { abortReason, Fault } from '#lib';
import type { Place } from './place.ts';
import type { LibvirtUri } from './uri.ts';

const maxStderrBytes = 4096;

export interface SshOptions {
  /** What is wanted of the far side: its daemon, or one of its other services. */
  readonly to: { readonly daemon: 'read' | 'write' } | Place;
  /** `none` accepts any host key. */
  readonly verify: 'full' | 'none';
}

/** The arguments for ssh, the far side's command last where it is given one. */
export function sshArguments(uri: LibvirtUri, options: SshOptions): readonly string[] {
  const { params } = uri;
  const args = ['-T', '-e', 'none', '-o', 'BatchMode=yes'];
  if (uri.port !== undefined) args.push('-p', String(uri.port));
  if (uri.user !== undefined) args.push('-l', uri.user);
  if (params.keyfile !== undefined) args.push('-i', params.keyfile);
  if (params.knownHosts !== undefined) {
    args.push('-o', `UserKnownHostsFile=${quoteForSshOption(params.knownHosts)}`);
  }
  if (options.verify === 'none') args.push('-o', 'StrictHostKeyChecking=no');
  else if (params.knownHostsVerify === 'auto') args.push('-o', 'StrictHostKeyChecking=accept-new');
  else args.push('-o', 'StrictHostKeyChecking=yes');
  const host = uri.host ?? 'localhost';
  const { to } = options;
  if ('port' in to) return [...args, '-W', joinAddress(to), '--', host];
  if ('path' in to) return [...args, '--', host, relayTo(uri, to.path)];
  return [...args, '--', host, daemonCommand(uri, to.daemon)];
}

/** An address of IPv6 is told from its port by brackets (ssh(1), -W). */
function joinAddress({ host, port }: Extract<Place, { port: number }>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function relayTo(uri: LibvirtUri, path: string): string {
  return `${quote(uri.params.netcat ?? 'nc')} -U ${quote(path)}`;
}

/** What the far side's shell is given. */
function daemonCommand(uri: LibvirtUri, access: 'read' | 'write'): string {
  const { proxy, netcat, socket } = uri.params;
  const readOnly = access === 'read' ? '-r ' : '';
  // The helper finds the socket by itself from the name; it cannot be told another one.
  const helper = `virt-ssh-helper ${readOnly}${quote(uri.name)}`;
  const path = socket ?? `/run/libvirt/libvirt-sock${access === 'read' ? '-ro' : ''}`;
  const relay = relayTo(uri, path);
  if (proxy === 'native') return helper;
  if (proxy === 'netcat' || netcat !== undefined || socket !== undefined) return relay;
  const choose = `if command -v virt-ssh-helper >/dev/null 2>&1; then exec ${helper}; else exec ${relay}; fi`;
  return `sh -c ${quote(choose)}`;
}

/** Errors: `unavailable`, `unauthenticated` with what ssh said and `facts.component`. */
export function dialSsh(
  uri: LibvirtUri,
  options: SshOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  if (signal.aborted) return Promise.reject(abortReason(signal));
  const child = spawn(uri.params.command ?? 'ssh', sshArguments(uri, options), {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxStderrBytes);
  });
  const duplex = joinStreams(child.stdout, child.stdin);
  duplex.once('close', () => child.kill());
  // Whoever gets the stream listens too; when it is given up before, nobody does.
  duplex.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      child.kill();
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('error', (cause) => {
      signal.removeEventListener('abort', onAbort);
      const what = `cannot run ${uri.params.command ?? 'ssh'}`;
      const fault = new Fault('unavailable', what, { cause, facts: { component: 'transport' } });
      reject(fault);
      duplex.destroy();
    });
    // Not on exit: what the far side said last is still in the pipes then.
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      if (!duplex.destroyed) duplex.destroy(sshFault(uri, code, stderr));
    });
    child.once('spawn', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(duplex);
    });
  });
}

/** What ssh says when it fails, by the part of the address that it is about; the first that fits. */
const complaints: readonly (readonly [pattern: RegExp, component: string, hint: string])[] = [
  [/host key/i, 'certificate', 'compare the host key and add it to the known hosts'],
  [/permission denied|authentication/i, 'login', 'check the user and the key'],
  [/could not resolve|name or service/i, 'name', 'check the host name'],
  [/connection refused/i, 'port', 'check that sshd listens there'],
  [/no route|unreachable|timed out/i, 'host', 'check the network and that the host is up'],
  [/virt-ssh-helper|libvirt-sock|\bnc\b|not found/i, 'path', 'check that libvirtd runs there'],
];

function sshFault(uri: LibvirtUri, code: number | null, stderr: string): Fault {
  const said = stderr.trim() || `ssh ended with ${code ?? 'a signal'}`;
  const complaint = complaints.find(([pattern]) => pattern.test(said));
  const component = complaint?.[1] ?? 'transport';
  const denied = component === 'login' || component === 'certificate';
  return new Fault(
    denied ? 'unauthenticated' : 'unavailable',
    `ssh to ${uri.host ?? 'localhost'}`,
    { cause: new Error(said), facts: { component }, hint: complaint?.[2] },
  );
}

function joinStreams(readable: Readable, writable: Writable): Duplex {
  const duplex = new Duplex({
    read: () => void readable.resume(),
    // A write that fails means that the program has ended; why, its end will say.
    write: (chunk: Buffer, _encoding, done) => void writable.write(chunk, () => done()),
    final: (done) => void writable.end(() => done()),
  });
  readable.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) readable.pause();
  });
  writable.on('error', () => undefined);
  return duplex;
}

/** One word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** ssh splits the values of some options at blanks unless they are quoted. */
function quoteForSshOption(path: string): string {
  return path.includes(' ') ? `"${path.replaceAll('"', String.raw`\"`)}"` : path;
}
