/** The checks of a host, each with its evidence and remedy (HOST-05, HOST-26, HOST-40). */
import type { Finding, HostFacts, HostSettings } from '#api';
import { formatBytes } from '#lib';
import type { Volume } from '../../../storage/file-system.ts';
import { keepsPermissions } from '../../../storage/permissions.ts';
import { findDevices } from './devices.ts';
import { armRemedy } from './emulator.ts';
import type { MemoryNow } from './machine-facts.ts';

export interface DiagnosedHost {
  readonly facts: HostFacts;
  readonly settings: HostSettings;
  readonly memory: MemoryNow;
  readonly volumes: readonly Volume[];
  readonly limits: { readonly enforced: boolean; readonly describe: string };
  readonly isRoot: boolean;
}

const remedies: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'install the package qemu-system-x86',
  'qemu-system-aarch64': armRemedy,
  'qemu-img': 'install the package qemu-utils',
  'UEFI firmware': 'install the package ovmf',
  swtpm: 'install the package swtpm',
  setpriv: 'install the package util-linux',
  nft: 'install the package nftables',
  dnsmasq: 'install the package dnsmasq-base',
  bridge: 'load the kernel module bridge: modprobe bridge',
  '/dev/kvm':
    'load the kernel module kvm_intel or kvm_amd, and switch on virtualization in the firmware',
  '/dev/net/tun': 'load the kernel module tun: modprobe tun',
  '/dev/vhost-net': 'load the kernel module vhost_net: modprobe vhost_net',
};

const required = new Set(['qemu-system-x86_64', 'qemu-img']);

export async function diagnoseHost(host: DiagnosedHost): Promise<Finding[]> {
  const { facts } = host;
  return [
    ...facts.programs.map(({ name, found, version, use }): Finding => {
      if (found) return finding(name, 'ok', version ?? 'found', null);
      const result = required.has(name) ? 'error' : 'information';
      return finding(name, result, `not found; needed for: ${use}`, remedies[name] ?? null);
    }),
    processorFinding(facts),
    accelerationFinding(facts),
    memoryFinding(host),
    ...(await Promise.all(host.volumes.map((volume) => volumeFinding(volume, host.settings)))),
    finding(
      'control groups',
      host.limits.enforced ? 'ok' : 'warning',
      host.limits.describe,
      host.limits.enforced ? null : 'run the agent as root, or let systemd delegate its group',
    ),
    finding(
      'accounts',
      host.isRoot ? 'ok' : 'warning',
      host.isRoot
        ? 'each vm runs under an account of its own'
        : 'all vms run under the account of the agent',
      host.isRoot ? null : 'run the agent as root for vms that do not trust each other',
    ),
    ...(await findDevices()),
  ];
}

function finding(
  check: string,
  result: Finding['result'],
  evidence: string,
  remedy: string | null,
): Finding {
  return { check, result, evidence, remedy };
}

function processorFinding({ processor }: HostFacts): Finding {
  const { vendor, model, threads, clockMhz, grade } = processor;
  const clock = clockMhz === null ? 'clock unknown' : `${clockMhz} MHz`;
  const evidence = `${vendor} ${model}, ${threads} threads, ${clock}`;
  if (grade === 'ok' || grade === 'ungraded') return finding('processor', 'ok', evidence, null);
  const result = grade === 'below-minimum' ? 'error' : 'warning';
  return finding('processor', result, `${evidence}: ${grade}`, 'use a faster host');
}

function deniedRemedy(): string {
  return process.getuid?.() === 0
    ? 'give the device to the group kvm: chgrp kvm /dev/kvm; chmod 660 /dev/kvm'
    : 'add the account of the agent to the group kvm';
}

function accelerationFinding({ acceleration }: HostFacts): Finding {
  const { kvm, evidence } = acceleration;
  if (kvm === 'works') return finding('acceleration', 'ok', evidence, null);
  const remedy =
    kvm === 'denied'
      ? deniedRemedy()
      : kvm === 'slow'
        ? 'have the virtualization of this machine nested by what it runs on; emulation is faster until then'
        : 'switch on virtualization in the firmware of the host; without it vms are emulated in software';
  return finding('acceleration', 'warning', `software emulation: ${evidence}`, remedy);
}

function memoryFinding({ memory, settings }: DiagnosedHost): Finding {
  const evidence = `${formatBytes(memory.freeBytes)} of ${formatBytes(memory.totalBytes)} available`;
  const low = memory.freeBytes < settings.memoryReserveBytes;
  return finding('memory', low ? 'warning' : 'ok', evidence, low ? 'stop vms or add memory' : null);
}

async function volumeFinding(volume: Volume, settings: HostSettings): Promise<Finding> {
  const { path, freeBytes, totalBytes } = volume;
  const check = `volume of ${path}`;
  if (!(await keepsPermissions(path))) {
    const result = settings.volumesWithoutPermissions === 'allow' ? 'warning' : 'error';
    const evidence = 'files have no owner and no mode there: every account of the host reads them';
    return finding(check, result, evidence, 'keep vms on a file system that has both');
  }
  const low = freeBytes < settings.minimumFreeDiskBytes;
  const evidence = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`;
  return finding(check, low ? 'error' : 'ok', evidence, low ? 'free space' : null);
}
