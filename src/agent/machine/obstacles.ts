/** Which events tell of what a machine wants of its host and cannot have (HW-45, HW-50). Pure. */
import type { EventAttributes } from '#api';
import type { Obstacle } from '../drivers/driver.ts';
import type { JudgedLayer } from './layers/check-layers.ts';

type ObstacleEvent =
  | 'vm.configuration-error'
  | 'vm.device-not-available'
  | 'vm.disk.parent-invalid'
  | 'vm.floppy.mount-failed'
  | 'vm.floppy.format-invalid'
  | 'vm.network-missing'
  | 'vm.adapter-failed';

export type ObstacleTold = {
  readonly [N in ObstacleEvent]: { readonly name: N; readonly attributes: EventAttributes<N> };
}[ObstacleEvent];

const layerCodes: ReadonlySet<string> = new Set<JudgedLayer['code']>([
  'layer-missing',
  'layer-unreadable',
  'layer-changed',
]);

/** Undefined where the refusal itself says everything. */
export function eventOfObstacle({ code, text, about }: Obstacle): ObstacleTold | undefined {
  if (about === undefined) return undefined;
  const { device, hostPath } = about;
  if (code === 'configuration-invalid')
    return { name: 'vm.configuration-error', attributes: { reason: text, path: hostPath } };
  if (code === 'device-missing')
    return { name: 'vm.device-not-available', attributes: { device, hostPath } };
  if (code === 'network-missing')
    return { name: 'vm.network-missing', attributes: { adapter: device, network: hostPath } };
  if (code === 'network-unavailable')
    return { name: 'vm.adapter-failed', attributes: { adapter: device, reason: text } };
  if (layerCodes.has(code))
    return { name: 'vm.disk.parent-invalid', attributes: { device, parent: hostPath } };
  if (device !== 'floppy') return undefined;
  const attributes = { file: hostPath, reason: text };
  return code === 'medium-malformed'
    ? { name: 'vm.floppy.format-invalid', attributes }
    : { name: 'vm.floppy.mount-failed', attributes };
}
