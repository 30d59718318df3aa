/**
 * Where a hypervisor keeps UEFI variables and the contents of the TPM of a vm, and what of that could not come along (docs/rfd/0034).
 *
 * Which firmware it chooses for a vm need not stand in the definition, and is not always what that suggests: libvirt is asked with what
 * command line it would start the vm. Where a TPM's contents lie it tells nobody; the folder is that of its own sources
 * (src/qemu/qemu_conf.c, swtpmStorageDir), and looked into.
 */
import { posix } from 'node:path';
import { maxKeptBytes, type KeptFile, type UefiInUse } from '#api';
import { attributeOf, find, findAll, readXml, textOf, XmlText, type XmlNode } from '#foreign';
import { describeFault, isFault, type Reason } from '#lib';
import type { Client } from '#libvirt';
import type { BorrowedPools } from '../copy/borrowed-pool.ts';
import { lookAtKept } from './kept-files.ts';

export interface KeptPlaces {
  readonly kept: KeptFile[];
  readonly uefi: UefiInUse | null;
  readonly reasons: Reason[];
}

export interface KeptQuestion {
  readonly client: Client;
  readonly borrowed: BorrowedPools;
  /** Of the hypervisor's address: `/system`, `/session`. */
  readonly scope: string;
  readonly name: string;
  readonly uuid: string;
  /** As it is defined, with all that is secret in it. */
  readonly xml: string;
}

/** The first libvirt that undefines a vm without its TPM's contents. */
const keepsTpm = 8_009_000;
const stays = 'leave it on its hypervisor';
const startOnce = 'start it once on its hypervisor, and turn it off again';

/** Errors: those of the client. */
export async function findKept(question: KeptQuestion, signal: AbortSignal): Promise<KeptPlaces> {
  const domain = readXml(question.xml);
  const variables = await findVariables(question, domain, signal);
  const tpm = await findTpm(question, domain, signal);
  return {
    kept: [...variables.kept, ...tpm.kept],
    uefi: variables.uefi,
    reasons: [...variables.reasons, ...tpm.reasons],
  };
}

const nothing: KeptPlaces = { kept: [], uefi: null, reasons: [] };
const against = (code: string, text: string, remedy: string = stays): KeptPlaces => ({
  ...nothing,
  reasons: [{ code, text, remedy }],
});

export interface UsedFirmware {
  readonly code: string;
  readonly variables: string;
  readonly secureBoot: boolean;
}

/** What of its UEFI is against it by its definition; undefined where it has none. Pure. */
export function judgeVariables(domain: XmlNode, name: string): KeptPlaces | undefined {
  const code = 'firmware-variables';
  const os = find(domain, 'os');
  const [loader, nvram] = [find(os, 'loader'), find(os, 'nvram')];
  const isRom = attributeOf(loader, 'type') === 'rom';
  if (isRom)
    return against('firmware-other', `${name} has the firmware ${textOf(loader)} of its own`);
  const isUefi = attributeOf(os, 'firmware') === 'efi' || attributeOf(loader, 'type') === 'pflash';
  if (!isUefi) return undefined;
  if (attributeOf(loader, 'stateless') === 'yes')
    return against(code, `the UEFI of ${name} has no variables, which that of Gantry has`);
  const [kind, format] = [attributeOf(nvram, 'type'), attributeOf(nvram, 'format')];
  if ((kind ?? 'file') !== 'file' || (format ?? 'raw') !== 'raw')
    return against(code, `the UEFI variables of ${name} are in no raw file: ${kind ?? format}`);
  return nothing;
}

async function findVariables(
  { name, client, xml, borrowed }: KeptQuestion,
  domain: XmlNode,
  signal: AbortSignal,
): Promise<KeptPlaces> {
  const judged = judgeVariables(domain, name);
  if (judged === undefined) return nothing;
  if (judged.reasons.length > 0) return judged;
  const code = 'firmware-variables';
  let used = definedFirmware(domain);
  if (used === undefined)
    try {
      const args = { nativeFormat: 'qemu-argv', domainXml: withoutDevices(xml), flags: 0 };
      const { nativeConfig } = await client.call('CONNECT_DOMAIN_XML_TO_NATIVE', args, { signal });
      used = readCommandLine(nativeConfig);
    } catch (error) {
      if (!isFault(error) || isFault(error, 'unavailable')) throw error;
      const text = `its hypervisor does not tell which firmware ${name} has: ${describeFault(error)}`;
      return against(code, text, nameThem(name));
    }
  if (used === undefined) {
    const text = `its hypervisor does not tell which firmware ${name} has`;
    return against(code, text, nameThem(name));
  }
  const file = await lookAtKept(client, borrowed, used.variables, signal);
  if (!('sizeBytes' in file))
    return against(code, `the UEFI variables of ${name} are not there yet: ${file.why}`, startOnce);
  const { sizeBytes, owner } = file;
  if (sizeBytes > maxKeptBytes || sizeBytes === 0)
    return against(code, `the UEFI variables of ${name} have ${sizeBytes} bytes`);
  return {
    kept: [{ part: 'uefi-variables', file: used.variables, ...owner }],
    uefi: { code: used.code, secureBoot: used.secureBoot, variablesBytes: sizeBytes },
    reasons: [],
  };
}

const nameThem = (name: string): string =>
  `name both files in its definition, as the elements loader and nvram: virsh edit ${name}`;

/** A command line of more would need networks and devices to be there. Nothing else of it says which firmware it has. */
export function withoutDevices(domain: string): string {
  const xml = new XmlText(domain);
  const needed = new Set(['name', 'uuid', 'memory', 'vcpu', 'os', 'features', 'devices']);
  for (const part of xml.root.children) {
    if (!needed.has(part.name)) xml.remove(part);
    if (part.name !== 'devices') continue;
    for (const device of part.children) if (device.name !== 'emulator') xml.remove(device);
  }
  return xml.toString();
}

/** Undefined where it is its hypervisor that chooses. */
function definedFirmware(domain: XmlNode): UsedFirmware | undefined {
  const os = find(domain, 'os');
  const loader = find(os, 'loader');
  const nvram = find(os, 'nvram');
  const [code, variables] = [textOf(loader), textOf(nvram) ?? textOf(find(nvram, 'source'))];
  if (!isPath(code) || !isPath(variables)) return undefined;
  return { code, variables, secureBoot: attributeOf(loader, 'secure') === 'yes' };
}

/** Of the arguments that libvirt writes for QEMU, quoted for a shell. Undefined where they do not tell. */
export function readCommandLine(text: string): UsedFirmware | undefined {
  const files = new Map<unknown, unknown>();
  for (const [, json = ''] of text.matchAll(/-blockdev '(\{[^']*\})'/g)) {
    const device = parseObject(json);
    files.set(device['node-name'], device['filename']);
  }
  const code = files.get('libvirt-pflash0-storage');
  const variables = files.get('libvirt-pflash1-storage');
  if (!isPath(code) || !isPath(variables)) return undefined;
  return { code, variables, secureBoot: /cfi\.pflash01,property=secure,value=on/.test(text) };
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && posix.isAbsolute(value) && value.length <= 1024;
}

/** Where the contents of its TPM are, or what is against it; undefined where it has none. Pure. */
export function judgeTpm(
  domain: XmlNode,
  { name, uuid, scope }: Pick<KeptQuestion, 'name' | 'uuid' | 'scope'>,
): string | KeptPlaces | undefined {
  const tpms = findAll(find(domain, 'devices'), 'tpm');
  const [tpm] = tpms;
  if (tpm === undefined) return undefined;
  const code = 'tpm-state';
  const backend = find(tpm, 'backend');
  const type = attributeOf(backend, 'type') ?? '';
  const version = attributeOf(backend, 'version') ?? '2.0';
  if (tpms.length > 1) return against(code, `${name} has more than one TPM`);
  if (type !== 'emulator')
    return against(code, `the TPM of ${name} is of the kind ${type}: its contents are in no file`);
  if (version !== '2.0')
    return against(code, `the TPM of ${name} is one of version ${version}, not 2.0`);
  const secret = attributeOf(find(backend, 'encryption'), 'secret');
  if (secret !== undefined)
    return against(
      code,
      `the contents of the TPM of ${name} are encrypted with the secret ${secret} of its hypervisor`,
    );
  const source = find(backend, 'source');
  const isKnown =
    source === undefined ? scope === '/system' : attributeOf(source, 'type') === 'dir';
  if (!isKnown)
    return against(
      code,
      `where the contents of the TPM of ${name} are its hypervisor does not tell`,
      source === undefined ? 'define it at qemu:///system of that host' : stays,
    );
  const folder = attributeOf(source, 'path') ?? `/var/lib/libvirt/swtpm/${uuid}/tpm2`;
  return posix.join(folder, 'tpm2-00.permall');
}

async function findTpm(
  question: KeptQuestion,
  domain: XmlNode,
  signal: AbortSignal,
): Promise<KeptPlaces> {
  const { name, client, borrowed } = question;
  const path = judgeTpm(domain, question);
  if (path === undefined) return nothing;
  if (typeof path !== 'string') return path;
  const code = 'tpm-state';
  const { lib_ver: libVersion } = await client.call('CONNECT_GET_LIB_VERSION', {}, { signal });
  if (Number(libVersion) < keepsTpm)
    return against(
      code,
      `its hypervisor, which is older than libvirt 8.9, deletes the contents of the TPM of ${name} when it gives it away`,
      'update libvirt there',
    );
  const file = await lookAtKept(client, borrowed, path, signal);
  if (!('sizeBytes' in file))
    return against(
      code,
      `the contents of the TPM of ${name} are not there yet: ${file.why}`,
      startOnce,
    );
  if (file.sizeBytes > maxKeptBytes)
    return against(code, `the contents of the TPM of ${name} have ${file.sizeBytes} bytes`);
  return { ...nothing, kept: [{ part: 'tpm', file: path, ...file.owner }] };
}
