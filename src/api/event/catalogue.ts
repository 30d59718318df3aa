/**
 * The event catalogue (EVT-12): every event there is, with number, category, severity, target, attributes and
 * message. An event that is not here cannot be written. In a message `{target}` is the target's name, `{x}` the
 * attribute x. One file because it is one table, a thing after the other: a new event stands with those of its thing
 * and takes the next number of them (golden/event-numbers.json keeps what was given).
 */
import { assert } from '#lib';
import type { Kind } from '../ids.ts';
import type { Attribute, Category, Severity } from './event.ts';

interface EventFacts {
  /** Its number in the logs of operating systems (HOST-62); given once, never changed or given again. */
  readonly number: number;
  readonly category: Category;
  readonly type: Severity;
  /** Where the attribute has the value, the event is of this type instead. */
  readonly typeWhere?: {
    readonly attribute: string;
    readonly value: string;
    readonly type: Severity;
  };
  readonly target: Kind;
  readonly message: string;
  /** Attribute names with their meaning. */
  readonly attributes: Readonly<Record<string, string>>;
}

const none = {} as const;
const failure = {
  operation: 'what was tried',
  reason: 'why it failed',
  state: 'state the vm was left in',
} as const;
const change = {
  path: 'path of the setting',
  oldValue: 'value before',
  newValue: 'value after',
} as const;
const status = {
  oldStatus: 'status before; unknown where there was none',
  newStatus: 'status after',
  cause: 'why',
} as const;
const script = { script: 'its file', event: 'the event that it was attached to' } as const;
const scriptEnd = {
  ...script,
  exitStatus: 'its exit status; none where it was ended or never began',
  output: 'the first 64 KiB of its output',
  errorOutput: 'the first 64 KiB of its error output',
} as const;
const vm = { category: 'Virtual Machine', target: 'vm' } as const;
const network = { category: 'Network', target: 'network' } as const;
const host = { category: 'Host', target: 'host' } as const;
const console = { category: 'Console', target: 'vm' } as const;
const channel = { channel: 'screen, serial1 or serial2' } as const;
const participant = { person: 'whose connection it is', address: 'where that person is' } as const;

export const eventCatalogue = {
  'vm.created': {
    number: 1001,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was created',
    attributes: { how: 'created, added, imported, cloned or discovered' },
  },
  'vm.deleted': {
    number: 1002,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was {how}',
    attributes: { how: 'deleted or removed', filesRemain: 'whether its files remain' },
  },
  'vm.renamed': {
    number: 1003,
    ...vm,
    type: 'information',
    message: 'Virtual machine {oldName} is now called {target}',
    attributes: { oldName: 'name before' },
  },
  'vm.moved': {
    number: 1004,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was moved from folder {oldFolder} to {newFolder}',
    attributes: { oldFolder: 'path before', newFolder: 'path after' },
  },
  'vm.files.moved': {
    number: 1005,
    ...vm,
    type: 'information',
    message: 'Files of {target} were moved from {oldPath} to {newPath}',
    attributes: { oldPath: 'folder on the host before', newPath: 'folder on the host after' },
  },
  'vm.setting.changed': {
    number: 1006,
    category: 'Setting Change',
    target: 'vm',
    type: 'information',
    message: 'The setting {path} of {target} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'vm.resource.cpu': {
    number: 1007,
    ...vm,
    type: 'information',
    message: 'Processor resources of {target} were changed: {path} from {oldValue} to {newValue}',
    attributes: change,
  },
  'vm.resource.memory': {
    number: 1008,
    ...vm,
    type: 'information',
    message: 'Memory of {target} was changed from {oldValue} to {newValue} bytes',
    attributes: change,
  },
  'vm.state.powered-on': {
    number: 1009,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was turned on',
    attributes: {
      accelerator: 'kvm, tcg or simulated',
      held: 'whether it is held before its first instruction',
    },
  },
  'vm.state.powered-off': {
    number: 1010,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} is off: {cause}',
    attributes: { cause: 'guest, person, schedule, plan, host-stop or crash' },
  },
  'vm.state.reset': {
    number: 1011,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was restarted: {cause}',
    attributes: { cause: 'person, guest or failure', how: 'reset, restart or reboot' },
  },
  'vm.state.suspended': {
    number: 1012,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was paused',
    attributes: none,
  },
  'vm.state.resumed': {
    number: 1013,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was resumed',
    attributes: none,
  },
  'vm.state.released': {
    number: 1014,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was released and runs',
    attributes: none,
  },
  'vm.state.saved': {
    number: 1015,
    ...vm,
    type: 'information',
    message: 'The state of {target} was saved',
    attributes: { sizeBytes: 'size of the saved state', durationMs: 'time it took' },
  },
  'vm.state.restored': {
    number: 1016,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was restored from its saved state',
    attributes: { durationMs: 'time it took' },
  },
  'vm.state.discarded': {
    number: 1017,
    ...vm,
    type: 'information',
    message: 'The saved state of {target} was discarded',
    attributes: none,
  },
  'vm.snapshot.taken': {
    number: 1018,
    ...vm,
    type: 'information',
    message: 'The snapshot {snapshot} of {target} was taken',
    attributes: { snapshot: 'its name', sizeBytes: 'of the files that it keeps' },
  },
  'vm.snapshot.reverted': {
    number: 1019,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was taken back to its snapshot {snapshot}',
    attributes: { snapshot: 'its name' },
  },
  'vm.snapshot.deleted': {
    number: 1020,
    ...vm,
    type: 'information',
    message: 'The snapshot {snapshot} of {target} was deleted',
    attributes: { snapshot: 'its name' },
  },
  'vm.snapshot.failed': {
    number: 1021,
    ...vm,
    type: 'error',
    message: 'Unable to {operation} the snapshot {snapshot} of {target}: {reason}',
    attributes: { ...failure, snapshot: 'its name' },
  },
  'vm.disk.merge-failed': {
    number: 1022,
    ...vm,
    type: 'error',
    message: 'Layers of disks of {target} could not be merged and stay apart: {reason}',
    attributes: failure,
  },
  'vm.undo.committed': {
    number: 1023,
    ...vm,
    type: 'information',
    message: 'The undo disks of {target} were written into its disks',
    attributes: { sizeBytes: 'what they held on the host' },
  },
  'vm.undo.discarded': {
    number: 1024,
    ...vm,
    type: 'information',
    message: 'The undo disks of {target} were discarded',
    attributes: { sizeBytes: 'what they held on the host' },
  },
  'vm.undo.commit-failed': {
    number: 1025,
    ...vm,
    type: 'error',
    message: 'The undo disks of {target} could not be committed and are kept: {reason}',
    attributes: failure,
  },
  'vm.undo.failed': {
    number: 1026,
    ...vm,
    type: 'error',
    message: 'Unable to {operation} undo disks of {target}: {reason}',
    attributes: failure,
  },
  'vm.disk.parent-invalid': {
    number: 1027,
    ...vm,
    type: 'error',
    message: 'The parent of a disk of {target} is invalid: {parent} was changed or is missing',
    attributes: { device: 'the disk', parent: 'the file that lies below it' },
  },
  'vm.shutdown.requested': {
    number: 1028,
    ...vm,
    type: 'information',
    message: 'The guest of {target} was asked to shut down through {means}',
    attributes: { means: 'guest agent or power button' },
  },
  'vm.shutdown.completed': {
    number: 1029,
    ...vm,
    type: 'information',
    message: 'The guest of {target} shut down as asked',
    attributes: { durationMs: 'time it took' },
  },
  'vm.shutdown.timed-out': {
    number: 1030,
    ...vm,
    type: 'warning',
    message: 'The guest of {target} did not shut down within {timeoutSeconds} s; next: {next}',
    attributes: { timeoutSeconds: 'the limit', next: 'what happens now' },
  },
  'vm.task-failed': {
    number: 1031,
    ...vm,
    type: 'error',
    message: '{operation} of {target} failed: {reason}',
    attributes: failure,
  },
  'vm.start-failed': {
    number: 1032,
    ...vm,
    type: 'error',
    message: 'Virtual machine {target} could not be started: {reason}',
    attributes: failure,
  },
  'vm.restore-failed': {
    number: 1033,
    ...vm,
    type: 'error',
    message: 'The saved state of {target} could not be restored: {reason}',
    attributes: failure,
  },
  'vm.save-failed': {
    number: 1034,
    ...vm,
    type: 'error',
    message: 'The state of {target} could not be saved: {reason}',
    attributes: failure,
  },
  'vm.configuration-error': {
    number: 1035,
    ...vm,
    type: 'error',
    message: 'The configuration of {target} is invalid: {reason}',
    attributes: { reason: 'what is wrong', path: 'path of the setting' },
  },
  'vm.crashed': {
    number: 1036,
    ...vm,
    type: 'error',
    message: 'The process of {target} ended by itself: {reason}',
    attributes: { reason: 'exit status or signal', log: "last lines of the process's log" },
  },
  'vm.guest-error': {
    number: 1037,
    ...vm,
    type: 'critical',
    message: 'The guest of {target} reported a critical error: {reason}',
    attributes: { reason: 'panic or watchdog' },
  },
  'vm.failure-reaction': {
    number: 1038,
    ...vm,
    type: 'warning',
    message: 'Reaction to the failure of {target}: {reaction} (number {repetition} of {limit})',
    attributes: {
      reaction: 'reset, restart or given up',
      repetition: 'how often within the hour',
      limit: 'allowed repetitions',
    },
  },
  'vm.network-missing': {
    number: 1039,
    category: 'Network',
    target: 'vm',
    type: 'error',
    message: 'The network {network} of adapter {adapter} of {target} does not exist',
    attributes: { adapter: 'slot of the adapter', network: 'its name or id' },
  },
  'vm.adapter-failed': {
    number: 1040,
    category: 'Network',
    target: 'vm',
    type: 'error',
    message: 'Network adapter {adapter} of {target} cannot be initialised: {reason}',
    attributes: { adapter: 'slot of the adapter', reason: 'why' },
  },
  'vm.device-not-available': {
    number: 1041,
    ...vm,
    type: 'error',
    message: 'Device {device} of {target} is not available at {hostPath}',
    attributes: { device: 'device of the vm', hostPath: 'path on the host' },
  },
  'vm.disk-error': {
    number: 1042,
    category: 'Disk',
    target: 'vm',
    type: 'error',
    message: 'Virtual machine {target} was paused: unable to {operation} disk {device}: {reason}',
    attributes: { device: 'the disk', operation: 'read or write', reason: 'what the host said' },
  },
  'vm.media.inserted': {
    number: 1043,
    ...vm,
    type: 'information',
    message: '{medium} was inserted into {drive} of {target}',
    attributes: { drive: 'the drive', medium: 'what was inserted' },
  },
  'vm.media.ejected': {
    number: 1044,
    ...vm,
    type: 'information',
    message: 'The medium in {drive} of {target} was ejected',
    attributes: { drive: 'the drive' },
  },
  'vm.floppy.mount-failed': {
    number: 1045,
    ...vm,
    type: 'error',
    message: 'The floppy image {file} could not be inserted into {target}: {reason}',
    attributes: { file: 'the image', reason: 'why' },
  },
  'vm.floppy.format-invalid': {
    number: 1046,
    ...vm,
    type: 'error',
    message: 'The floppy image {file} is not a valid image: {reason}',
    attributes: { file: 'the image', reason: 'why' },
  },
  'vm.device.added': {
    number: 1047,
    ...vm,
    type: 'information',
    message: '{device} was added to {target}',
    attributes: { device: 'the device', live: 'whether while running' },
  },
  'vm.device.removed': {
    number: 1048,
    ...vm,
    type: 'information',
    message: '{device} was removed from {target}',
    attributes: { device: 'the device', live: 'whether while running' },
  },
  'vm.heartbeat.lost': {
    number: 1049,
    ...vm,
    type: 'warning',
    message: 'No sign of life from the guest of {target} since {lastAt}',
    attributes: { lastAt: 'time of the last beat', missed: 'beats missed' },
  },
  'vm.heartbeat.regained': {
    number: 1050,
    ...vm,
    type: 'information',
    message: 'The guest of {target} shows signs of life again',
    attributes: { lastAt: 'time of the last beat before' },
  },
  'vm.additions.outdated': {
    number: 1051,
    ...vm,
    type: 'warning',
    message: 'Guest additions {installed} of {target} are older than {shipped}',
    attributes: { installed: 'version in the guest', shipped: 'version on the host' },
  },
  'vm.additions.updated': {
    number: 1052,
    ...vm,
    type: 'information',
    message: 'Guest additions of {target} were updated from {from} to {to}',
    attributes: { from: 'version before, or none', to: 'version now' },
  },
  'vm.script.started': {
    number: 1053,
    ...vm,
    type: 'information',
    message: 'Script {script} of {target} was started for {event}',
    attributes: script,
  },
  'vm.script.finished': {
    number: 1054,
    ...vm,
    type: 'information',
    message: 'Script {script} of {target} has ended',
    attributes: scriptEnd,
  },
  'vm.script.failed': {
    number: 1055,
    ...vm,
    type: 'error',
    message: 'Script {script} of {target} failed: {reason}',
    attributes: { ...scriptEnd, reason: 'what went wrong' },
  },
  'vm.clock.corrected': {
    number: 1056,
    ...vm,
    type: 'information',
    message: 'The clock of the guest of {target} was set (it was off by {offsetMs} ms)',
    attributes: { offsetMs: 'offset before' },
  },
  'vm.cut-off': {
    number: 1057,
    ...vm,
    type: 'error',
    message: 'Virtual machine {target} was cut off when its host went down; data may be lost',
    attributes: none,
  },
  'vm.stop-fallback': {
    number: 1058,
    ...vm,
    type: 'warning',
    message:
      'The guest of {target} did not shut down for the stop of the host; its state was saved instead',
    attributes: { reason: 'why' },
  },
  'vm.clone.not-generalised': {
    number: 1059,
    ...vm,
    type: 'warning',
    message:
      'Virtual machine {target} has the {identity} of {source}: nobody said that it was generalised',
    attributes: { source: 'the vm that it is a clone of', identity: 'what both guests have' },
  },
  'vm.conflict': {
    number: 1060,
    ...vm,
    type: 'warning',
    message: 'Virtual machines {target} and {other} have the same {what}',
    attributes: { other: 'the other vm', what: 'UUID or serial number' },
  },
  'vm.discovered': {
    number: 1061,
    ...vm,
    type: 'information',
    message: 'Virtual machine {target} was found {how}',
    attributes: { how: 'new, changed or vanished' },
  },
  'vm.disk.space-low': {
    number: 1062,
    category: 'Disk',
    target: 'vm',
    type: 'warning',
    message: 'The volume {volume}, on which the disk {device} of {target} grows, is low on space',
    attributes: { device: 'the disk', volume: 'its path', freeBytes: 'what is free' },
  },
  'vm.disk.space-exhausted': {
    number: 1063,
    category: 'Disk',
    target: 'vm',
    type: 'error',
    message:
      'Virtual machine {target} was paused: the volume {volume} of its disk {device} is almost full',
    attributes: { device: 'the disk', volume: 'its path', freeBytes: 'what is free' },
  },
  'host.network-service-failed': {
    number: 2001,
    category: 'Network',
    target: 'host',
    type: 'critical',
    message: 'The networks of {target} cannot be served: {reason}',
    attributes: { reason: 'what of the host cannot be used' },
  },
  'host.joined': {
    number: 2002,
    ...host,
    type: 'information',
    message: 'Host {target} joined',
    attributes: { driver: 'its driver' },
  },
  'host.removed': {
    number: 2003,
    ...host,
    type: 'information',
    message: 'Host {target} was removed',
    attributes: none,
  },
  'host.renamed': {
    number: 2004,
    ...host,
    type: 'information',
    message: 'Host {oldName} is now called {target}',
    attributes: { oldName: 'name before' },
  },
  'host.started': {
    number: 2005,
    ...host,
    type: 'information',
    message: 'The virtualization service of {target} started',
    attributes: none,
  },
  'host.stopped': {
    number: 2006,
    ...host,
    type: 'information',
    message: 'The virtualization service of {target} stopped',
    attributes: { cause: 'why' },
  },
  'host.agent.status-changed': {
    number: 2007,
    ...host,
    type: 'warning',
    typeWhere: { attribute: 'newStatus', value: 'ready', type: 'information' },
    message: 'Host {target} is {newStatus} (was {oldStatus}): {cause}',
    attributes: status,
  },
  'host.setting.changed': {
    number: 2008,
    category: 'Setting Change',
    target: 'host',
    type: 'information',
    message: 'The setting {path} of {target} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'host.low-resources': {
    number: 2009,
    ...host,
    type: 'critical',
    message: 'Host {target} is critically low on {resource}: {evidence}',
    attributes: { resource: 'memory, disk, processes or file handles', evidence: 'the figures' },
  },
  'host.installation-corrupt': {
    number: 2010,
    ...host,
    type: 'critical',
    message: 'The installation of {target} is damaged: {parts}',
    attributes: { parts: 'affected parts' },
  },
  'coordinator.started': {
    number: 3001,
    category: 'Coordinator',
    target: 'installation',
    type: 'information',
    message: 'The coordinator started',
    attributes: { version: 'its version', recovered: 'operations taken up again' },
  },
  'coordinator.stopped': {
    number: 3002,
    category: 'Coordinator',
    target: 'installation',
    type: 'information',
    message: 'The coordinator stopped',
    attributes: none,
  },
  'coordinator.connection.lost': {
    number: 3003,
    category: 'Coordinator',
    target: 'host',
    type: 'warning',
    message: 'The connection to host {target} was lost: {cause}',
    attributes: { cause: 'why' },
  },
  'coordinator.connection.restored': {
    number: 3004,
    category: 'Coordinator',
    target: 'host',
    type: 'information',
    message: 'The connection to host {target} is back',
    attributes: none,
  },
  'coordinator.inventory.synchronised': {
    number: 3005,
    category: 'Coordinator',
    target: 'host',
    type: 'information',
    message: 'The inventory of host {target} was synchronised: {found} found, {vanished} vanished',
    attributes: {
      machines: 'vms the host carries',
      found: 'vms that were not known before',
      vanished: 'known vms that the host no longer has',
    },
  },
  'coordinator.log.cleared': {
    number: 3006,
    category: 'Coordinator',
    target: 'installation',
    type: 'warning',
    message: 'The event log up to {before} was cleared',
    attributes: { before: 'time up to which', count: 'how many events' },
  },
  'installation.setting.changed': {
    number: 3007,
    category: 'Setting Change',
    target: 'installation',
    type: 'information',
    message: 'The setting {path} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'profile.created': {
    number: 5001,
    category: 'Coordinator',
    target: 'profile',
    type: 'information',
    message: 'Hardware profile {target} was created',
    attributes: none,
  },
  'profile.deleted': {
    number: 5002,
    category: 'Coordinator',
    target: 'profile',
    type: 'information',
    message: 'Hardware profile {target} was deleted',
    attributes: none,
  },
  'network.created': {
    number: 4001,
    ...network,
    type: 'information',
    message: 'Network {target} was created',
    attributes: { type: 'internal, host-only, nat or bridged' },
  },
  'network.deleted': {
    number: 4002,
    ...network,
    type: 'information',
    message: 'Network {target} was deleted',
    attributes: none,
  },
  'network.setting.changed': {
    number: 4003,
    category: 'Setting Change',
    target: 'network',
    type: 'information',
    message: 'The setting {path} of network {target} was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'network.failed': {
    number: 4004,
    ...network,
    type: 'error',
    typeWhere: { attribute: 'state', value: 'degraded', type: 'warning' },
    message: 'Network {target} is {state} on host {host}: {reason}',
    attributes: { host: 'name of the host', state: 'degraded or down', reason: 'why' },
  },
  'network.restored': {
    number: 4005,
    ...network,
    type: 'information',
    message: 'Network {target} is ready again on host {host}',
    attributes: { host: 'name of the host' },
  },
  'network.service-moved': {
    number: 4006,
    ...network,
    type: 'information',
    message: 'The service of network {target} moved from host {from} to host {to}',
    attributes: { from: 'name of the host that served', to: 'name of the host that serves' },
  },
  'team.created': {
    number: 5003,
    category: 'Coordinator',
    target: 'team',
    type: 'information',
    message: 'Team {target} was created',
    attributes: none,
  },
  'team.changed': {
    number: 5004,
    category: 'Coordinator',
    target: 'team',
    type: 'information',
    message: 'Team {target} was changed: {what}',
    attributes: { what: 'what is different' },
  },
  'team.deleted': {
    number: 5005,
    category: 'Coordinator',
    target: 'team',
    type: 'information',
    message: 'Team {target} was deleted; its vms stay as they are',
    attributes: none,
  },
  'folder.created': {
    number: 5006,
    category: 'Coordinator',
    target: 'folder',
    type: 'information',
    message: 'Folder {target} was created',
    attributes: none,
  },
  'folder.changed': {
    number: 5007,
    category: 'Coordinator',
    target: 'folder',
    type: 'information',
    message: 'Folder {oldPath} is now {newPath}',
    attributes: { oldPath: 'path before', newPath: 'path after' },
  },
  'folder.deleted': {
    number: 5008,
    category: 'Coordinator',
    target: 'folder',
    type: 'information',
    message: 'Folder {target} was deleted',
    attributes: none,
  },
  'image.added': {
    number: 5009,
    category: 'Image',
    target: 'image',
    type: 'information',
    message: 'Image {target} was added',
    attributes: { how: 'built or registered' },
  },
  'image.deleted': {
    number: 5010,
    category: 'Image',
    target: 'image',
    type: 'information',
    message: 'Image {target} was removed',
    attributes: none,
  },
  'image.build-failed': {
    number: 5011,
    category: 'Image',
    target: 'image',
    type: 'error',
    message: 'Image {target} could not be built: {reason}',
    attributes: { reason: 'why' },
  },
  'console.opened': {
    number: 5012,
    ...console,
    type: 'information',
    message: '{channel} of {target} was opened: {access}',
    attributes: { ...channel, access: 'control or view-only' },
  },
  'console.closed': {
    number: 5013,
    ...console,
    type: 'information',
    message: '{channel} of {target} was closed after {durationMs} ms',
    attributes: { ...channel, durationMs: 'how long it was open' },
  },
  'console.refused': {
    number: 5014,
    ...console,
    type: 'warning',
    message: '{channel} of {target} was refused: {reason}',
    attributes: { ...channel, reason: 'why' },
  },
  'console.access-changed': {
    number: 5015,
    ...console,
    type: 'information',
    message: '{person} is now {access} at {channel} of {target}',
    attributes: { ...channel, ...participant, access: 'control or view-only' },
  },
  'console.handed-over': {
    number: 5016,
    ...console,
    type: 'information',
    message: 'Keyboard and mouse at {channel} of {target} were handed over to {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long the giver was connected' },
  },
  'console.taken-back': {
    number: 5017,
    ...console,
    type: 'information',
    message: 'Keyboard and mouse at {channel} of {target} were taken back from {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long they were lent' },
  },
  'console.taken-over': {
    number: 5018,
    ...console,
    type: 'warning',
    message: '{channel} of {target} was taken over from {person}',
    attributes: { ...channel, ...participant, durationMs: 'how long the holder was connected' },
  },
  'console.ended': {
    number: 5019,
    ...console,
    type: 'warning',
    message: 'The connection of {person} to {channel} of {target} was ended',
    attributes: { ...channel, ...participant, durationMs: 'how long it was open' },
  },
  'console.link-created': {
    number: 5020,
    ...console,
    type: 'information',
    message: 'A link to the screen of {target} was made, good until {expiresAt}: {label}',
    attributes: { label: 'for whom or what', expiresAt: 'when it ends' },
  },
  'console.link-revoked': {
    number: 5021,
    ...console,
    type: 'information',
    message: 'The link to the screen of {target} was revoked: {label}',
    attributes: { label: 'for whom or what', expiresAt: 'when it would have ended' },
  },
  'console.recording-started': {
    number: 5022,
    ...console,
    type: 'information',
    message: 'The recording of {channel} of {target} has begun',
    attributes: channel,
  },
  'console.recording-ended': {
    number: 5023,
    ...console,
    type: 'information',
    message: 'The recording of {channel} of {target} has ended after {durationMs} ms: {why}',
    attributes: {
      ...channel,
      durationMs: 'how long it ran',
      why: 'person, machine, size, time, disk or coordinator',
    },
  },
  'security.signed-in': {
    number: 6001,
    category: 'Security',
    target: 'user',
    type: 'information',
    message: '{target} signed in',
    attributes: { means: 'password, link or token' },
  },
  'security.sign-in-failed': {
    number: 6002,
    category: 'Security',
    target: 'user',
    type: 'warning',
    message: 'Sign-in as {target} failed',
    attributes: {
      means: 'password, link or one-time code',
      unwritten: 'failures since the last such event that were only counted',
    },
  },
  'security.signed-out': {
    number: 6003,
    category: 'Security',
    target: 'user',
    type: 'information',
    message: '{target} signed out',
    attributes: none,
  },
  'security.denied': {
    number: 6004,
    category: 'Security',
    target: 'user',
    type: 'warning',
    message: '{target} was refused {verb} on {object}',
    attributes: {
      verb: 'the right that is missing',
      object: 'the thing',
      unwritten: 'refusals of the same user since the last such event that were only counted',
    },
  },
  'security.user.changed': {
    number: 6005,
    category: 'Security',
    target: 'user',
    type: 'information',
    message: 'User {target} was {how}',
    attributes: {
      how: 'created, changed, disabled, enabled or deleted',
      oldValue: 'what was changed, before',
      newValue: 'what was changed, after',
    },
  },
  'security.permission.changed': {
    number: 6006,
    category: 'Security',
    target: 'grant',
    type: 'information',
    message: 'Permission changed: {what}',
    attributes: { what: 'role, subject and object', how: 'granted, denied or withdrawn' },
  },
  'security.role.changed': {
    number: 6007,
    category: 'Security',
    target: 'role',
    type: 'information',
    message: 'Role {target} was {how}',
    attributes: {
      how: 'created, changed or deleted',
      oldValue: 'rights before',
      newValue: 'rights after',
    },
  },
  'security.token.changed': {
    number: 6008,
    category: 'Security',
    target: 'token',
    type: 'information',
    message: 'Token {target} was {how}',
    attributes: { how: 'created or revoked' },
  },
  'security.run-account.changed': {
    number: 6009,
    category: 'Security',
    target: 'vm',
    type: 'information',
    message: 'The account that {target} runs under was changed from {oldValue} to {newValue}',
    attributes: change,
  },
  'security.certificate.changed': {
    number: 6010,
    category: 'Security',
    target: 'installation',
    type: 'information',
    message: 'Certificate {what} was {how}',
    attributes: { what: 'which', how: 'issued, replaced or revoked' },
  },
} as const satisfies Record<string, EventFacts>;

export type EventName = keyof typeof eventCatalogue;

/** The attributes of one event, each present. */
export type EventAttributes<N extends EventName> = {
  readonly [A in keyof (typeof eventCatalogue)[N]['attributes']]: Attribute;
};

const facts: Readonly<Record<EventName, EventFacts>> = eventCatalogue;

export function eventFacts(name: EventName): EventFacts {
  return facts[name];
}

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(eventCatalogue, name);
}

/** How grave an event with these attributes is. */
export function severityOf(
  name: EventName,
  attributes: Readonly<Record<string, Attribute>>,
): Severity {
  const { type, typeWhere } = facts[name];
  return typeWhere !== undefined && attributes[typeWhere.attribute] === typeWhere.value
    ? typeWhere.type
    : type;
}

/** The sentence of an event; null is written "(no value)" (EVT-15, EVT-16). */
export function writeMessage(
  name: EventName,
  targetName: string,
  attributes: Readonly<Record<string, Attribute>>,
): string {
  const text = facts[name].message.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    if (key === 'target') return targetName;
    assert(Object.hasOwn(attributes, key), `event ${name} lacks the attribute ${key}`);
    const value = attributes[key];
    return value === null || value === undefined || value === '' ? '(no value)' : String(value);
  });
  return text.slice(0, 2000);
}
