/** The configuration disk of a copy (TPL-20): a CD that tells a guest with cloud-init who it is, at its first start. Pure. */
import {
  firstBootSuffix,
  type FirstBoot,
  type LinkParams,
  type OpticalDrive,
  type VmDefinition,
} from '#api';
import { withHardware } from './device-change.ts';
import { freePlace } from './make-definition.ts';

type Seed = NonNullable<LinkParams<'machine.clone'>['seed']>;

/** With the disk in an empty CD drive, or in one that is added. Errors: `exhausted` without a place. */
export function withSeed(definition: VmDefinition): VmDefinition {
  const { hardware, name } = definition;
  const { opticalDrives, machine } = hardware;
  const medium = { kind: 'file', file: `${name}${firstBootSuffix}` } as const;
  const empty = opticalDrives.findIndex((drive) => drive.medium === null);
  if (empty >= 0)
    return withHardware(definition, {
      opticalDrives: opticalDrives.map((drive, at) =>
        at === empty ? { ...drive, medium } : drive,
      ),
    });
  const bus = ({ pc: 'ide', virt: 'scsi' } as const)[machine as 'pc' | 'virt'] ?? 'sata';
  const added: OpticalDrive = { ...freePlace(hardware, bus), medium };
  return withHardware(definition, { opticalDrives: [...opticalDrives, added] });
}

/** A disk that tells another vm who it is, is not handed on. */
export function withoutSeed(definition: VmDefinition): VmDefinition {
  const opticalDrives = definition.hardware.opticalDrives.map((drive) =>
    drive.medium?.kind === 'file' && isSeed(drive.medium.file) ? { ...drive, medium: null } : drive,
  );
  return withHardware(definition, { opticalDrives });
}

/** In the folder of the vm, where Gantry makes them. */
const isSeed = (file: string): boolean => !file.includes('/') && file.endsWith(firstBootSuffix);

/** A guest configures itself anew where the instance is another one. */
export function seedOf({ id, name }: VmDefinition, firstBoot: FirstBoot): Seed {
  const {
    hostName = hostNameOf(name, id),
    userData = '#cloud-config\n{}\n',
    networkConfig,
  } = firstBoot;
  const metaData = JSON.stringify({ 'instance-id': id, 'local-hostname': hostName });
  return { metaData, userData, ...(networkConfig === undefined ? {} : { networkConfig }) };
}

/** RFC 1123: letters, digits and hyphens, 63 at most. */
function hostNameOf(name: string, id: string): string {
  const label = name
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return label === '' ? `vm-${id.slice(0, 8)}` : label;
}
