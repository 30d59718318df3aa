/** Rows that need no vm. Those of networks follow each other: one of them ends the network. */
import { deviates, form, nothing, row, type Row } from './sweep-row.ts';

/**
 * Of networks and of objects that Gantry has none of, beside libvirtd's test driver: it has a network `default` with the same
 * addresses, and devices.
 */
export const objectRows: readonly Row[] = [
  row('net-list'),
  row('net-list --all --name'),
  row('net-list --inactive'),
  row('net-uuid default'),
  form('net-info default'),
  deviates('net-dhcp-leases default', 0, nothing, 'the test driver has no leases'),
  row('net-info none'),
  deviates(
    'net-dumpxml default',
    0,
    /<ip address='192\.168\.122\.1' netmask='255\.255\.255\.0'>\s*<dhcp>/,
    'the description is that of Gantry',
  ),
  deviates(
    'net-autostart default --disable',
    1,
    /always starts by itself/,
    'a network is brought up wherever a vm needs it',
  ),
  row('net-autostart default'),
  row('net-destroy default'),
  deviates('net-destroy default', 1, /network is not active/, 'the test driver does not look'),
  row('net-list --inactive'),
  row('net-start default'),
  deviates('net-start default', 1, /network is already active/, "in the words of QEMU's driver"),
  row('net-destroy default'),
  row('net-undefine default'),
  row('net-list --all'),
  deviates('secret-list', 0, nothing, 'clients remember "not supported" for a whole connection'),
  deviates('nwfilter-list', 0, nothing, 'clients remember "not supported" for a whole connection'),
  deviates(
    'nwfilter-binding-list',
    0,
    nothing,
    'clients remember "not supported" for a whole connection',
  ),
  deviates(
    'nodedev-list',
    0,
    /^computer@h1\s+computer@h2$/m,
    'a host with an agent tells of itself and of its adapters',
  ),
  deviates(
    'iface-list',
    0,
    nothing,
    'adapters of hosts are shown by Gantry, not to clients of libvirt',
  ),
  deviates('domcapabilities', 0, /<domainCapabilities>/, 'the test driver tells nothing'),
];
