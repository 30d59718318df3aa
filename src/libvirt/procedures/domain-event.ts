/** Events of domains: the subscription and the messages. */
import { event, message, read } from './entry.ts';
import { domain } from './handle.ts';
import {
  hyper,
  int,
  list,
  nullableString,
  optional,
  params,
  string,
  struct,
  uhyper,
  uint,
} from '../wire/shape.ts';

const lifecycle = { dom: domain, event: int, detail: int };

const reboot = { dom: domain };

const rtcChange = { dom: domain, offset: hyper };

const watchdog = { dom: domain, action: int };

const ioError = { dom: domain, srcPath: string, devAlias: string, action: int };

const eventGraphicsAddress = struct({ family: int, node: string, service: string });

const eventGraphicsIdentity = struct({ type: string, name: string });

const graphics = {
  dom: domain,
  phase: int,
  local: eventGraphicsAddress,
  remote: eventGraphicsAddress,
  authScheme: string,
  subject: list(eventGraphicsIdentity, 20),
};

const ioErrorReason = {
  dom: domain,
  srcPath: string,
  devAlias: string,
  action: int,
  reason: string,
};

const controlError = { dom: domain };

const blockJob = { dom: domain, path: string, type: int, status: int };

const diskChange = {
  dom: domain,
  oldSrcPath: nullableString,
  newSrcPath: nullableString,
  devAlias: string,
  reason: int,
};

const trayChange = { dom: domain, devAlias: string, reason: int };

const pmwakeup = { dom: domain };

const pmsuspend = { dom: domain };

const balloonChange = { dom: domain, actual: uhyper };

const pmsuspendDisk = { dom: domain };

const deviceRemoved = { dom: domain, devAlias: string };

export const domainEventProcedures = {
  CONNECT_DOMAIN_EVENT_REGISTER: read(105, {}, { cb_registered: int }),
  CONNECT_DOMAIN_EVENT_DEREGISTER: read(106, {}, { cb_registered: int }),
  CONNECT_DOMAIN_EVENT_REGISTER_ANY: read(167, { eventID: int }, {}),
  CONNECT_DOMAIN_EVENT_DEREGISTER_ANY: read(168, { eventID: int }, {}),
  CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: read(
    316,
    { eventID: int, dom: optional(domain) },
    { callbackID: int },
  ),
  CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: read(317, { callbackID: int }, {}),
} as const;

export const domainEventMessages = {
  DOMAIN_EVENT_LIFECYCLE: message(107, lifecycle),
  DOMAIN_EVENT_REBOOT: message(169, reboot),
  DOMAIN_EVENT_RTC_CHANGE: message(170, rtcChange),
  DOMAIN_EVENT_WATCHDOG: message(171, watchdog),
  DOMAIN_EVENT_IO_ERROR: message(172, ioError),
  DOMAIN_EVENT_GRAPHICS: message(173, graphics),
  DOMAIN_EVENT_IO_ERROR_REASON: message(195, ioErrorReason),
  DOMAIN_EVENT_CONTROL_ERROR: message(224, controlError),
  DOMAIN_EVENT_BLOCK_JOB: message(241, blockJob),
  DOMAIN_EVENT_DISK_CHANGE: message(248, diskChange),
  DOMAIN_EVENT_TRAY_CHANGE: message(268, trayChange),
  DOMAIN_EVENT_PMWAKEUP: message(269, pmwakeup),
  DOMAIN_EVENT_PMSUSPEND: message(270, pmsuspend),
  DOMAIN_EVENT_BALLOON_CHANGE: message(276, balloonChange),
  DOMAIN_EVENT_PMSUSPEND_DISK: message(292, pmsuspendDisk),
  DOMAIN_EVENT_DEVICE_REMOVED: message(311, deviceRemoved),
  DOMAIN_EVENT_CALLBACK_LIFECYCLE: event(318, 'domain', 0, {
    callbackID: int,
    msg: struct(lifecycle),
  }),
  DOMAIN_EVENT_CALLBACK_REBOOT: event(319, 'domain', 1, { callbackID: int, msg: struct(reboot) }),
  DOMAIN_EVENT_CALLBACK_RTC_CHANGE: event(320, 'domain', 2, {
    callbackID: int,
    msg: struct(rtcChange),
  }),
  DOMAIN_EVENT_CALLBACK_WATCHDOG: event(321, 'domain', 3, {
    callbackID: int,
    msg: struct(watchdog),
  }),
  DOMAIN_EVENT_CALLBACK_IO_ERROR: event(322, 'domain', 4, {
    callbackID: int,
    msg: struct(ioError),
  }),
  DOMAIN_EVENT_CALLBACK_GRAPHICS: event(323, 'domain', 5, {
    callbackID: int,
    msg: struct(graphics),
  }),
  DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON: event(324, 'domain', 6, {
    callbackID: int,
    msg: struct(ioErrorReason),
  }),
  DOMAIN_EVENT_CALLBACK_CONTROL_ERROR: event(325, 'domain', 7, {
    callbackID: int,
    msg: struct(controlError),
  }),
  DOMAIN_EVENT_CALLBACK_BLOCK_JOB: event(326, 'domain', 8, {
    callbackID: int,
    msg: struct(blockJob),
  }),
  DOMAIN_EVENT_CALLBACK_DISK_CHANGE: event(327, 'domain', 9, {
    callbackID: int,
    msg: struct(diskChange),
  }),
  DOMAIN_EVENT_CALLBACK_TRAY_CHANGE: event(328, 'domain', 10, {
    callbackID: int,
    msg: struct(trayChange),
  }),
  DOMAIN_EVENT_CALLBACK_PMWAKEUP: event(329, 'domain', 11, {
    callbackID: int,
    reason: int,
    msg: struct(pmwakeup),
  }),
  DOMAIN_EVENT_CALLBACK_PMSUSPEND: event(330, 'domain', 12, {
    callbackID: int,
    reason: int,
    msg: struct(pmsuspend),
  }),
  DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE: event(331, 'domain', 13, {
    callbackID: int,
    msg: struct(balloonChange),
  }),
  DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK: event(332, 'domain', 14, {
    callbackID: int,
    reason: int,
    msg: struct(pmsuspendDisk),
  }),
  DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED: event(333, 'domain', 15, {
    callbackID: int,
    msg: struct(deviceRemoved),
  }),
  DOMAIN_EVENT_BLOCK_JOB_2: event(339, 'domain', 16, {
    callbackID: int,
    dom: domain,
    dst: string,
    type: int,
    status: int,
  }),
  DOMAIN_EVENT_CALLBACK_TUNABLE: event(346, 'domain', 17, {
    callbackID: int,
    dom: domain,
    params: params(2048),
  }),
  DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE: event(348, 'domain', 18, {
    callbackID: int,
    dom: domain,
    state: int,
    reason: int,
  }),
  DOMAIN_EVENT_CALLBACK_DEVICE_ADDED: event(354, 'domain', 19, {
    callbackID: int,
    dom: domain,
    devAlias: string,
  }),
  DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION: event(359, 'domain', 20, {
    callbackID: int,
    dom: domain,
    iteration: int,
  }),
  DOMAIN_EVENT_CALLBACK_JOB_COMPLETED: event(363, 'domain', 21, {
    callbackID: int,
    dom: domain,
    params: params(64),
  }),
  DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED: event(367, 'domain', 22, {
    callbackID: int,
    dom: domain,
    devAlias: string,
  }),
  DOMAIN_EVENT_CALLBACK_METADATA_CHANGE: event(379, 'domain', 23, {
    callbackID: int,
    dom: domain,
    type: int,
    nsuri: nullableString,
  }),
  DOMAIN_EVENT_BLOCK_THRESHOLD: event(385, 'domain', 24, {
    callbackID: int,
    dom: domain,
    dev: string,
    path: nullableString,
    threshold: uhyper,
    excess: uhyper,
  }),
  DOMAIN_EVENT_MEMORY_FAILURE: event(423, 'domain', 25, {
    callbackID: int,
    dom: domain,
    recipient: int,
    action: int,
    flags: uint,
  }),
  DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE: event(438, 'domain', 26, {
    callbackID: int,
    dom: domain,
    alias: string,
    size: uhyper,
  }),
} as const;
