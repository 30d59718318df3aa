/** Adapters, ports and channels of a machine specification: everything that connects it to its host. */

/** Classic: tulip (DEC 21140 family), pcnet, rtl8139, e1000; modern: virtio, e1000e (HW-18, HW-19). */
export const adapterModels = ['virtio', 'e1000e', 'e1000', 'rtl8139', 'pcnet', 'tulip'] as const;
export type AdapterModel = (typeof adapterModels)[number];

export interface HostForward {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4 address of the host to listen on. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly guestPort: number;
  /** Absent: the first address that the network hands out. */
  readonly guestAddress?: string | undefined;
}

/** QEMU's user-mode network: needs no privilege, one private network per adapter, with DHCP. */
export interface UserNetwork {
  readonly kind: 'user';
  /** `isolated` cuts the guest off from host and outside, but for the forwards. */
  readonly reach: 'outside' | 'isolated';
  /** IPv4 network, for example `10.0.2.0/24`, which is also the default. */
  readonly subnet?: string | undefined;
  readonly ipv6?: 'on' | 'off' | undefined;
  readonly forwards?: readonly HostForward[] | undefined;
  /** Network boot from a folder of the host by TFTP. */
  readonly tftp?: { readonly folderPath: string; readonly bootFile: string } | undefined;
  /** Name given to the guest by DHCP. */
  readonly hostName?: string | undefined;
}

export type AdapterNetwork =
  | UserNetwork
  /**
   * An existing tap interface of the host. `vhost` moves packets in the host's kernel; only where
   * /dev/vhost-net can be opened: QEMU 7.2 crashes where it cannot.
   */
  | { readonly kind: 'tap'; readonly interfaceName: string; readonly vhost: 'on' | 'off' }
  /** No cable. */
  | { readonly kind: 'none' };

export interface Adapter {
  /** As a disk's id. */
  readonly id: string;
  /** 0 to 3, for virtio and e1000e 0 to 15. */
  readonly position: number;
  readonly model: AdapterModel;
  /** `52:54:00:12:34:56`, lower case. */
  readonly mac: string;
  readonly network: AdapterNetwork;
  /** Whether the adapter carries the ROM it needs to boot from the network (HW-38). */
  readonly bootRom: 'present' | 'absent';
}

/** What is behind a serial port (HW-15). */
export type SerialTarget =
  | { readonly kind: 'none' }
  /** QEMU listens; at most 107 bytes of path. */
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A pseudo-terminal; `query-chardev` tells which. */
  | { readonly kind: 'terminal' }
  | { readonly kind: 'host-device'; readonly path: string };

export interface SerialPort {
  /** 0 is COM1, 1 is COM2. */
  readonly position: number;
  readonly target: SerialTarget;
  /** Everything the guest writes is appended here as well. */
  readonly logPath?: string | undefined;
}

/** LPT1 (HW-16). */
export type ParallelPort =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'host-device'; readonly path: string };

/** The screen, on a Unix socket; any number of viewers share it. */
export interface VncServer {
  readonly socketPath: string;
}

/** The channel `org.qemu.guest_agent.0`; QEMU listens on the socket. */
export interface GuestChannel {
  readonly socketPath: string;
}

/** A TPM 2.0 whose emulator (swtpm) listens on the control socket. */
export interface Tpm {
  readonly model: 'tis' | 'crb';
  readonly socketPath: string;
}
