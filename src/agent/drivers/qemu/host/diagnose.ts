/** The checks of a host, each with its evidence and remedy (HOST-05, HOST-26, HOST-40). */
import {
  tellFinding,
  type Finding,
  type HostFacts,
  type HostSettings,
  type ToldFinding,
} from '#api';
import type { Volume } from '../../../storage/file-system.ts';
import { keepsPermissions } from '../../../storage/permissions.ts';
import { findDevices } from './devices.ts';
import { armPackages } from './emulator.ts';
import type { MemoryNow } from './machine-facts.ts';

export interface DiagnosedHost {
  readonly facts: HostFacts;
  readonly settings: HostSettings;
  readonly memory: MemoryNow;
  readonly volumes: readonly Volume[];
  readonly limits: { readonly enforced: boolean; readonly describe: string };
  readonly isRoot: boolean;
}

/** What has each of them, or what brings it. */
const sources: Readonly<Record<string, (use: string) => ToldFinding>> = {
  'qemu-system-x86_64': inPackage('qemu-system-x86'),
  'qemu-system-aarch64': (use) => tellFinding('packages-missing', { use, packages: armPackages }),
  'qemu-img': inPackage('qemu-utils'),
  'UEFI firmware': inPackage('ovmf'),
  swtpm: inPackage('swtpm'),
  setpriv: inPackage('util-linux'),
  nft: inPackage('nftables'),
  dnsmasq: inPackage('dnsmasq-base'),
  bridge: inModule('bridge'),
  '/dev/kvm': (use) => tellFinding('kvm-missing', { use }),
  '/dev/net/tun': inModule('tun'),
  '/dev/vhost-net': inModule('vhost_net'),
};

function inPackage(name: string): (use: string) => ToldFinding {
  return (use) => tellFinding('package-missing', { use, package: name });
}

function inModule(module: string): (use: string) => ToldFinding {
  return (use) => tellFinding('module-missing', { use, module });
}

const required = new Set(['qemu-system-x86_64', 'qemu-img']);

export async function diagnoseHost(host: DiagnosedHost): Promise<Finding[]> {
  const { facts } = host;
  return [
    ...facts.programs.map(({ name, found, version, use }): Finding => {
      if (found) return { check: name, result: 'ok', evidence: version ?? 'found', remedy: null };
      const told = sources[name]?.(use) ?? tellFinding('program-missing', { use });
      return { check: name, result: required.has(name) ? 'error' : 'information', ...told };
    }),
    processorFinding(facts),
    accelerationFinding(facts),
    memoryFinding(host),
    ...(await Promise.all(host.volumes.map((volume) => volumeFinding(volume, host.settings)))),
    limitsFinding(host),
    host.isRoot
      ? { check: 'accounts', result: 'ok', ...tellFinding('accounts-own', {}) }
      : { check: 'accounts', result: 'warning', ...tellFinding('accounts-shared', {}) },
    ...(await findDevices()),
  ];
}

function limitsFinding({ limits }: DiagnosedHost): Finding {
  const check = 'control groups';
  if (limits.enforced) return { check, result: 'ok', evidence: limits.describe, remedy: null };
  return { check, result: 'warning', ...tellFinding('limits-missing', { why: limits.describe }) };
}

function processorFinding({ processor }: HostFacts): Finding {
  const { vendor, model, threads, clockMhz, grade } = processor;
  const check = 'processor';
  const clock = clockMhz === null ? 'clock unknown' : `${clockMhz} MHz`;
  const evidence = `${vendor} ${model}, ${threads} threads, ${clock}`;
  if (grade === 'ok' || grade === 'ungraded')
    return { check, result: 'ok', evidence, remedy: null };
  const result = grade === 'below-minimum' ? 'error' : 'warning';
  return { check, result, ...tellFinding(`processor-${grade}`, { processor: evidence }) };
}

function accelerationFinding({ acceleration }: HostFacts): Finding {
  const { kvm, evidence } = acceleration;
  const check = 'acceleration';
  if (kvm === 'works') return { check, result: 'ok', evidence, remedy: null };
  const closedTo = process.getuid?.() === 0 ? 'vms' : 'agent';
  const code =
    kvm === 'denied'
      ? (`acceleration-closed-to-${closedTo}` as const)
      : kvm === 'slow'
        ? 'acceleration-slow'
        : 'acceleration-missing';
  return { check, result: 'warning', ...tellFinding(code, { why: evidence }) };
}

function memoryFinding({ memory, settings }: DiagnosedHost): Finding {
  const { freeBytes, totalBytes } = memory;
  const check = 'memory';
  return freeBytes < settings.memoryReserveBytes
    ? { check, result: 'warning', ...tellFinding('memory-low', { freeBytes, totalBytes }) }
    : { check, result: 'ok', ...tellFinding('memory-available', { freeBytes, totalBytes }) };
}

async function volumeFinding(volume: Volume, settings: HostSettings): Promise<Finding> {
  const { path, freeBytes, totalBytes } = volume;
  const check = `volume of ${path}`;
  if (!(await keepsPermissions(path))) {
    const result = settings.volumesWithoutPermissions === 'allow' ? 'warning' : 'error';
    return { check, result, ...tellFinding('volume-open', {}) };
  }
  return freeBytes < settings.minimumFreeDiskBytes
    ? { check, result: 'error', ...tellFinding('volume-low', { freeBytes, totalBytes }) }
    : { check, result: 'ok', ...tellFinding('volume-available', { freeBytes, totalBytes }) };
}
