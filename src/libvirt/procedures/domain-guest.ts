/** A domain from within and in front: guest agent, screen, console, keys, clock, labels. */
import { read, stream, write } from './entry.ts';
import { domain } from './handle.ts';
import {
  bytes,
  hyper,
  int,
  list,
  nullableString,
  params,
  string,
  struct,
  text,
  uhyper,
  uint,
} from '../wire/shape.ts';

const getSecurityLabel = struct({ label: text(4097), enforcing: int });

const fsinfo = struct({
  mountpoint: string,
  name: string,
  fstype: string,
  dev_aliases: list(string, 256),
});

const ipAddr = struct({ type: int, addr: string, prefix: uint });

const guestInterface = struct({ name: string, hwaddr: nullableString, addrs: list(ipAddr, 2048) });

export const domainGuestProcedures = {
  DOMAIN_BLOCK_PEEK: write(
    103,
    { dom: domain, path: string, offset: uhyper, size: uint, flags: uint },
    { buffer: bytes },
  ),
  DOMAIN_MEMORY_PEEK: write(
    104,
    { dom: domain, offset: uhyper, size: uint, flags: uint },
    { buffer: bytes },
  ),
  DOMAIN_GET_SECURITY_LABEL: read(121, { dom: domain }, { label: text(4097), enforcing: int }),
  DOMAIN_OPEN_CONSOLE: stream(
    'both',
    201,
    { dom: domain, dev_name: nullableString, flags: uint },
    {},
  ),
  DOMAIN_INJECT_NMI: write(210, { dom: domain, flags: uint }, {}),
  DOMAIN_SCREENSHOT: stream(
    'download',
    211,
    { dom: domain, screen: uint, flags: uint },
    { mime: nullableString },
  ),
  DOMAIN_SEND_KEY: write(
    226,
    { dom: domain, codeset: uint, holdtime: uint, keycodes: list(uint, 16), flags: uint },
    {},
  ),
  DOMAIN_OPEN_GRAPHICS: write(249, { dom: domain, idx: uint, flags: uint }, {}),
  DOMAIN_PM_SUSPEND_FOR_DURATION: write(
    261,
    { dom: domain, target: uint, duration: uhyper, flags: uint },
    {},
  ),
  DOMAIN_PM_WAKEUP: write(267, { dom: domain, flags: uint }, {}),
  DOMAIN_GET_HOSTNAME: write(277, { dom: domain, flags: uint }, { hostname: string }),
  DOMAIN_GET_SECURITY_LABEL_LIST: read(
    278,
    { dom: domain },
    { labels: list(getSecurityLabel, 64), ret: int },
  ),
  DOMAIN_FSTRIM: write(
    294,
    { dom: domain, mountPoint: nullableString, minimum: uhyper, flags: uint },
    {},
  ),
  DOMAIN_SEND_PROCESS_SIGNAL: write(
    295,
    { dom: domain, pid_value: hyper, signum: uint, flags: uint },
    {},
  ),
  DOMAIN_OPEN_CHANNEL: stream('both', 296, { dom: domain, name: nullableString, flags: uint }, {}),
  DOMAIN_FSFREEZE: write(
    335,
    { dom: domain, mountpoints: list(string, 256), flags: uint },
    { filesystems: int },
  ),
  DOMAIN_FSTHAW: write(
    336,
    { dom: domain, mountpoints: list(string, 256), flags: uint },
    { filesystems: int },
  ),
  DOMAIN_GET_TIME: write(337, { dom: domain, flags: uint }, { seconds: hyper, nseconds: uint }),
  DOMAIN_SET_TIME: write(338, { dom: domain, seconds: hyper, nseconds: uint, flags: uint }, {}),
  DOMAIN_OPEN_GRAPHICS_FD: write(343, { dom: domain, idx: uint, flags: uint }, {}),
  DOMAIN_GET_FSINFO: write(
    349,
    { dom: domain, flags: uint },
    { info: list(fsinfo, 256), ret: uint },
  ),
  DOMAIN_INTERFACE_ADDRESSES: read(
    353,
    { dom: domain, source: uint, flags: uint },
    { ifaces: list(guestInterface, 2048) },
    { arg: 'source', equals: 1 },
  ),
  DOMAIN_SET_USER_PASSWORD: write(
    357,
    { dom: domain, user: nullableString, password: nullableString, flags: uint },
    {},
  ),
  DOMAIN_GET_GUEST_VCPUS: write(371, { dom: domain, flags: uint }, { params: params(64) }),
  DOMAIN_SET_GUEST_VCPUS: write(372, { dom: domain, cpumap: string, state: int, flags: uint }, {}),
  DOMAIN_GET_LAUNCH_SECURITY_INFO: write(396, { dom: domain, flags: uint }, { params: params(64) }),
  DOMAIN_GET_GUEST_INFO: write(
    418,
    { dom: domain, types: uint, flags: uint },
    { params: params(2048) },
  ),
  DOMAIN_AGENT_SET_RESPONSE_TIMEOUT: write(
    420,
    { dom: domain, timeout: int, flags: uint },
    { result: int },
  ),
  DOMAIN_AUTHORIZED_SSH_KEYS_GET: write(
    424,
    { dom: domain, user: string, flags: uint },
    { keys: list(string, 2048) },
  ),
  DOMAIN_AUTHORIZED_SSH_KEYS_SET: write(
    425,
    { dom: domain, user: string, keys: list(string, 2048), flags: uint },
    {},
  ),
  DOMAIN_GET_MESSAGES: read(426, { dom: domain, flags: uint }, { msgs: list(string, 2048) }),
  DOMAIN_SET_LAUNCH_SECURITY_STATE: write(
    439,
    { dom: domain, params: params(64), flags: uint },
    {},
  ),
} as const;
