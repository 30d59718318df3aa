/**
 * What can be found of an installation, its hosts and its vms: each with a code that stays, and what the command line and scripts are
 * told of it. The console says them in words of its own, by code and values.
 *
 * Values whose names end in `Bytes` are sizes, in `At` times, ISO 8601. `use`, `device` and `certificate` are English words from short
 * lists, `version` and `shipped` may be `unknown`, `status` is one of a host, and `why` is what something else has said.
 */
import { formatBytes } from '#lib';

interface FindingText {
  readonly evidence: string;
  /** Null: nothing is to be done, or nothing is known that would help. */
  readonly remedy: string | null;
}

const missing = 'not found; needed for: {use}';
const hostProblem = 'look whether its agent runs, then: gantry host diagnose {host}';
const wayOfAccount = 'choose another account, or none: the vm then has one of its own';
const wayOfLayer = 'bring back the file as it was, with its time of modification';
const certificateWay =
  'give a new certificate and key: gantry certificate set CHAIN KEY, or files in the folder tls';
const hostCertificateWay =
  'let the host connect, or join it again: gantry host join-token --host {host}';
const volumeLeft = 'the volume {path} of host {host} has {freeBytes} of {totalBytes} left';

export const findingTexts = {
  // Checks of a host, by its agent.
  'program-missing': { evidence: missing, remedy: null },
  'package-missing': { evidence: missing, remedy: 'install the package {package}' },
  'packages-missing': { evidence: missing, remedy: 'install the packages {packages}' },
  'module-missing': {
    evidence: missing,
    remedy: 'load the kernel module {module}: modprobe {module}',
  },
  'kvm-missing': {
    evidence: missing,
    remedy:
      'load the kernel module kvm_intel or kvm_amd, and switch on virtualization in the firmware',
  },
  'processor-below-minimum': {
    evidence: '{processor}: below-minimum',
    remedy: 'use a faster host',
  },
  'processor-below-recommended': {
    evidence: '{processor}: below-recommended',
    remedy: 'use a faster host',
  },
  'acceleration-closed-to-vms': {
    evidence: 'software emulation: {why}',
    remedy: 'give the device to the group kvm: chgrp kvm /dev/kvm; chmod 660 /dev/kvm',
  },
  'acceleration-closed-to-agent': {
    evidence: 'software emulation: {why}',
    remedy: 'add the account of the agent to the group kvm',
  },
  'acceleration-slow': {
    evidence: 'software emulation: {why}',
    remedy:
      'have the virtualization of this machine nested by what it runs on; emulation is faster until then',
  },
  'acceleration-missing': {
    evidence: 'software emulation: {why}',
    remedy:
      'switch on virtualization in the firmware of the host; without it vms are emulated in software',
  },
  'memory-available': { evidence: '{freeBytes} of {totalBytes} available', remedy: null },
  'memory-low': {
    evidence: '{freeBytes} of {totalBytes} available',
    remedy: 'stop vms or add memory',
  },
  'volume-available': { evidence: '{freeBytes} of {totalBytes} free', remedy: null },
  'volume-low': { evidence: '{freeBytes} of {totalBytes} free', remedy: 'free space' },
  'volume-open': {
    evidence: 'files have no owner and no mode there: every account of the host reads them',
    remedy: 'keep vms on a file system that has both',
  },
  'limits-missing': {
    evidence: '{why}',
    remedy: 'run the agent as root, or let systemd delegate its group',
  },
  'accounts-own': { evidence: 'each vm runs under an account of its own', remedy: null },
  'accounts-shared': {
    evidence: 'all vms run under the account of the agent',
    remedy: 'run the agent as root for vms that do not trust each other',
  },
  'device-missing': { evidence: 'there is no {device}', remedy: null },
  'display-small': { evidence: '{displays}: less than 800 × 600', remedy: null },
  'simulated-processes': { evidence: '{count} simulated processes', remedy: null },
  'connection-failed': {
    evidence: '{why}',
    remedy: 'look at libvirtd on the host, and at the network between',
  },
  'connection-works': {
    evidence: '{product}; all vms were seen within {tookMs} ms',
    remedy: null,
  },

  // What an agent finds though nobody asks it.
  'system-log-away': {
    evidence: 'events do not reach the log of the operating system: {why}',
    remedy: 'look whether its journal or syslog runs and listens at /dev/log',
  },
  'no-space': {
    evidence: 'paused since the volume {volume} has no room for its disks',
    remedy: 'free space on that volume',
  },
  'layer-missing': { evidence: '{file}, below the disk {disk}, is missing', remedy: wayOfLayer },
  'layer-unreadable': {
    evidence: '{file}, below the disk {disk}, cannot be read',
    remedy: wayOfLayer,
  },
  'layer-changed': {
    evidence: '{file}, below the disk {disk}, was changed since something lies on it',
    remedy: wayOfLayer,
  },
  'parent-unusable': {
    evidence: 'the parent of the disk {disk} ({file}) cannot be used: {why}',
    remedy: 'bring back the parent as it was, or flatten the disk from a backup',
  },
  'parent-unprotected': {
    evidence:
      '{file}, on which the disk {disk} stands, is not write-protected: a change of it makes the disk unusable',
    remedy: 'chmod a-w {file}',
  },
  'account-missing': {
    evidence: 'there is no account {account} on this host',
    remedy: wayOfAccount,
  },
  'account-locked': { evidence: 'the account {account} is closed', remedy: wayOfAccount },

  // What the coordinator finds of hosts and vms.
  'no-host': {
    evidence: 'no host has joined',
    remedy: 'make a token with: gantry host join-token',
  },
  'host-away': { evidence: 'host {host} is {status}', remedy: hostProblem },
  'host-away-because': { evidence: 'host {host} is {status}: {why}', remedy: hostProblem },
  'host-stopped': {
    evidence: 'host {host} is {status}',
    remedy: 'start its service: gantry host start {host}',
  },
  'host-stopped-because': {
    evidence: 'host {host} is {status}: {why}',
    remedy: 'start its service: gantry host start {host}',
  },
  'host-unverified': {
    evidence: 'whether host {host} is who it claims to be is not checked: its address says so',
    remedy: 'connect it with its certificate or host key: gantry host connect {host} ADDRESS',
  },
  'volume-filling': {
    evidence: `${volumeLeft}: disks grow there`,
    remedy: 'free space there: below {pauseBytes} vms are paused',
  },
  'volume-full': {
    evidence: `${volumeLeft}: vms whose disks grow there are paused`,
    remedy: 'free space there: they go on by themselves',
  },
  'volume-full-by-hand': {
    evidence: `${volumeLeft}: vms whose disks grow there are paused`,
    remedy: 'free space there, then resume them',
  },
  'vm-unsettled': {
    evidence:
      'vm {vm} was on its way between two hosts, of which one did not come back: which of them has it is not known',
    remedy: 'when both are back: gantry vm give-back {vm}',
  },
  'vm-files-large': {
    evidence: 'the files of vm {vm} take up {usedBytes}: its limit is {limitBytes}',
    remedy: 'see what takes it up: gantry vm files {vm}',
  },
  'additions-outdated': {
    evidence:
      'the guest additions of vm {vm} ({version}) are older than those of its host ({shipped})',
    remedy: 'install those of the host: gantry vm update-additions {vm}',
  },
  'viewers-unencrypted': {
    evidence:
      'host {host} lets in viewers of screens without TLS: whoever is on the way sees them and types',
    remedy: 'refuse them: gantry host set {host} settings.viewers.unencrypted=refused',
  },
  'viewers-certificate': {
    evidence: 'the certificate that viewers of host {host} are shown: {why}',
    remedy: 'supply another one or generate it: gantry host viewer-certificate generate {host}',
  },

  // What it finds of the installation.
  'tls-off': {
    evidence:
      'the server on {address} speaks without TLS too: whoever is on the way can read and change everything',
    remedy: 'require it: gantry system set plainHttp=redirected',
  },
  'certificate-unusable': {
    evidence: '{why}',
    remedy: 'replace both files in the folder tls, or what was given: gantry certificate set',
  },
  'passwords-in-clear': {
    evidence: 'passwords are taken over connections without TLS too',
    remedy: 'set allowPasswordWithoutTls to false',
  },
  'certificate-expires': {
    evidence: 'the {certificate} certificate expires at {endsAt}',
    remedy: certificateWay,
  },
  'certificate-expired': {
    evidence: 'the {certificate} certificate expired at {endsAt}',
    remedy: certificateWay,
  },
  'host-certificate-expires': {
    evidence: 'the host certificate of host {host} expires at {endsAt}',
    remedy: hostCertificateWay,
  },
  'host-certificate-expired': {
    evidence: 'the host certificate of host {host} expired at {endsAt}',
    remedy: hostCertificateWay,
  },
  'audit-failing': {
    evidence: 'the audit trail cannot be written',
    remedy: 'make room and look at the owner of {folder}',
  },
  'more-warnings': { evidence: 'there are {count} more', remedy: 'see all: gantry warning list' },
} as const satisfies Readonly<Record<string, FindingText>>;

export type FindingCode = keyof typeof findingTexts;

type PlacesOf<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlacesOf<Rest>
  : never;
/** What a finding of the code is about, each with its value. */
export type FindingValues<C extends FindingCode> = Readonly<
  Record<
    | PlacesOf<(typeof findingTexts)[C]['evidence']>
    | PlacesOf<NonNullable<(typeof findingTexts)[C]['remedy']>>,
    string | number
  >
>;

/** Of a `Finding`: what it says, for programs and for people. */
export interface ToldFinding<C extends FindingCode = FindingCode> {
  readonly code: C;
  readonly values: Readonly<Record<string, string | number>>;
  readonly evidence: string;
  readonly remedy: (typeof findingTexts)[C]['remedy'] extends null ? null : string;
}

export function tellFinding<C extends FindingCode>(
  code: C,
  values: FindingValues<C>,
): ToldFinding<C> {
  const { evidence, remedy }: FindingText = findingTexts[code];
  const told = remedy === null ? null : fill(remedy, values);
  return {
    code,
    values,
    evidence: fill(evidence, values),
    remedy: told as ToldFinding<C>['remedy'],
  };
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) return place;
    return typeof value === 'number' && name.endsWith('Bytes') ? formatBytes(value) : String(value);
  });
}
