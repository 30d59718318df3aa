/**
 * Writes a script that makes a vm in Hyper-V, whose own configurations are binary: the cmdlets of its PowerShell module, from Windows
 * Server 2016 on. It is run in the folder with the disks.
 */
import type { WritableMachine } from './machine.ts';

type Put = (line: string) => void;

export function writeHyperV(machine: WritableMachine): Buffer {
  const lines: string[] = [];
  const put: Put = (line) => void lines.push(line);
  const isNew = machine.firmware === 'uefi';
  const name = machine.name ?? 'vm';
  put('# Makes a vm in Hyper-V of the disks in this folder. Run it here as an administrator.');
  put('#Requires -RunAsAdministrator');
  put('#Requires -Modules Hyper-V');
  put("$ErrorActionPreference = 'Stop'");
  put(
    `$vm = New-VM -Name ${quote(name)} -Generation ${isNew ? 2 : 1} -NoVHD -Path $PSScriptRoot ` +
      `-MemoryStartupBytes ${machine.memoryBytes ?? 512 * 1024 * 1024}`,
  );
  put('Get-VMNetworkAdapter -VM $vm | Remove-VMNetworkAdapter');
  put('Get-VMDvdDrive -VM $vm | Remove-VMDvdDrive');
  put('Set-VMMemory -VM $vm -DynamicMemoryEnabled $false');
  put(`Set-VMProcessor -VM $vm -Count ${machine.processors ?? 1}`);
  if (machine.description !== '') put(`Set-VM -VM $vm -Notes ${quote(machine.description)}`);
  putDisks(machine, put);
  putAdapters(machine, put);
  if (isNew) putUefi(machine, put);
  else if (machine.bootOrder !== null)
    put(`Set-VMBios -VM $vm -StartupOrder @(${bootOrder(machine.bootOrder)})`);
  put(`Write-Host ${quote(`${name} is there. Start it with: Start-VM ${quote(name)}`)}`);
  return Buffer.from(`\ufeff${lines.join('\r\n')}\r\n`);
}

function putDisks({ disks, drives }: WritableMachine, put: Put): void {
  const scsi = [...disks, ...drives].filter(({ bus }) => bus === 'scsi');
  const wanted = Math.max(0, ...scsi.map(({ controller }) => controller + 1));
  // A new vm has one.
  for (let controller = 1; controller < wanted; controller += 1)
    put('Add-VMScsiController -VM $vm');
  for (const { bus, controller, position, files } of disks)
    put(
      `Add-VMHardDiskDrive -VM $vm -ControllerType ${bus === 'ide' ? 'IDE' : 'SCSI'} -ControllerNumber ${controller} ` +
        `-ControllerLocation ${position} -Path (Join-Path $PSScriptRoot ${quote(files[0] ?? '')})`,
    );
  for (const { controller, position } of drives)
    put(`Add-VMDvdDrive -VM $vm -ControllerNumber ${controller} -ControllerLocation ${position}`);
}

function putAdapters({ adapters }: WritableMachine, put: Put): void {
  for (const { model, mac, network } of adapters) {
    const legacy = model === 'legacy' ? ' -IsLegacy $true' : '';
    const address = mac === null ? '' : ` -StaticMacAddress ${quote(mac.replaceAll(':', ''))}`;
    const place =
      network === null ? '' : `  # it was in the network ${network.replaceAll(/[\r\n]/g, ' ')}`;
    put(`Add-VMNetworkAdapter -VM $vm${legacy}${address}${place}`);
  }
}

function putUefi({ secureBoot }: WritableMachine, put: Put): void {
  put(`Set-VMFirmware -VM $vm -EnableSecureBoot ${secureBoot ? 'On' : 'Off'}`);
}

function bootOrder(devices: readonly string[]): string {
  const words = { disk: 'IDE', cd: 'CD', floppy: 'Floppy', network: 'LegacyNetworkAdapter' };
  const first = devices.map((device) => words[device as keyof typeof words]);
  const rest = Object.values(words).filter((word) => !first.includes(word));
  return [...first, ...rest].map((word) => quote(word)).join(', ');
}

/** A literal of PowerShell: everything in it means itself, also the quotes that it takes for such. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\u2018\u2019\u201a\u201b]/g, (mark) => mark + mark)}'`;
}
