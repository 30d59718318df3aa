/** Block devices served over NBD (doc/proto.md of NetworkBlockDevice/nbd). Knows neither disks nor vms; see docs/rfd/0027. */
export type { Export, Exports } from './export.ts';
export { serveClient, type ServeOptions } from './serve.ts';
export { NbdServer, type ListenAt, type NbdServerOptions } from './server.ts';
