/** A domain's devices: attached and detached; disks and their block jobs; network cards. */
import { read, write } from './entry.ts';
import { domain } from './handle.ts';
import {
  hyper,
  int,
  list,
  nullableString,
  params,
  string,
  struct,
  uhyper,
  uint,
} from '../wire/shape.ts';

const diskError = struct({ disk: string, error: int });

export const domainDeviceProcedures = {
  DOMAIN_ATTACH_DEVICE: write(8, { dom: domain, xml: string }, {}),
  DOMAIN_DETACH_DEVICE: write(13, { dom: domain, xml: string }, {}),
  DOMAIN_BLOCK_STATS: read(
    64,
    { dom: domain, path: string },
    { rd_req: hyper, rd_bytes: hyper, wr_req: hyper, wr_bytes: hyper, errs: hyper },
  ),
  DOMAIN_INTERFACE_STATS: read(
    65,
    { dom: domain, device: string },
    {
      rx_bytes: hyper,
      rx_packets: hyper,
      rx_errs: hyper,
      rx_drop: hyper,
      tx_bytes: hyper,
      tx_packets: hyper,
      tx_errs: hyper,
      tx_drop: hyper,
    },
  ),
  DOMAIN_ATTACH_DEVICE_FLAGS: write(160, { dom: domain, xml: string, flags: uint }, {}),
  DOMAIN_DETACH_DEVICE_FLAGS: write(161, { dom: domain, xml: string, flags: uint }, {}),
  DOMAIN_UPDATE_DEVICE_FLAGS: write(174, { dom: domain, xml: string, flags: uint }, {}),
  DOMAIN_GET_BLOCK_INFO: read(
    194,
    { dom: domain, path: string, flags: uint },
    { allocation: uhyper, capacity: uhyper, physical: uhyper },
  ),
  DOMAIN_BLOCK_JOB_ABORT: write(237, { dom: domain, path: string, flags: uint }, {}),
  DOMAIN_GET_BLOCK_JOB_INFO: read(
    238,
    { dom: domain, path: string, flags: uint },
    { found: int, type: int, bandwidth: uhyper, cur: uhyper, end: uhyper },
  ),
  DOMAIN_BLOCK_JOB_SET_SPEED: write(
    239,
    { dom: domain, path: string, bandwidth: uhyper, flags: uint },
    {},
  ),
  DOMAIN_BLOCK_PULL: write(240, { dom: domain, path: string, bandwidth: uhyper, flags: uint }, {}),
  DOMAIN_BLOCK_STATS_FLAGS: read(
    243,
    { dom: domain, path: string, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  DOMAIN_BLOCK_RESIZE: write(251, { dom: domain, disk: string, size: uhyper, flags: uint }, {}),
  DOMAIN_SET_BLOCK_IO_TUNE: write(
    252,
    { dom: domain, disk: string, params: params(32), flags: uint },
    {},
  ),
  DOMAIN_GET_BLOCK_IO_TUNE: read(
    253,
    { dom: domain, disk: nullableString, nparams: int, flags: uint },
    { params: params(32), nparams: int },
  ),
  DOMAIN_SET_INTERFACE_PARAMETERS: write(
    256,
    { dom: domain, device: string, params: params(16), flags: uint },
    {},
  ),
  DOMAIN_GET_INTERFACE_PARAMETERS: read(
    257,
    { dom: domain, device: string, nparams: int, flags: uint },
    { params: params(16), nparams: int },
  ),
  DOMAIN_GET_DISK_ERRORS: read(
    263,
    { dom: domain, maxerrors: uint, flags: uint },
    { errors: list(diskError, 256), nerrors: int },
  ),
  DOMAIN_BLOCK_REBASE: write(
    266,
    { dom: domain, path: string, base: nullableString, bandwidth: uhyper, flags: uint },
    {},
  ),
  DOMAIN_BLOCK_COMMIT: write(
    290,
    {
      dom: domain,
      disk: string,
      base: nullableString,
      top: nullableString,
      bandwidth: uhyper,
      flags: uint,
    },
    {},
  ),
  DOMAIN_BLOCK_COPY: write(
    345,
    { dom: domain, path: string, destxml: string, params: params(16), flags: uint },
    {},
  ),
  DOMAIN_SET_BLOCK_THRESHOLD: write(
    386,
    { dom: domain, dev: string, threshold: uhyper, flags: uint },
    {},
  ),
  DOMAIN_DETACH_DEVICE_ALIAS: write(392, { dom: domain, alias: string, flags: uint }, {}),
  DOMAIN_FD_ASSOCIATE: write(443, { dom: domain, name: string, flags: uint }, {}),
} as const;
