/** Waits for hosts from another machine: `node await-hosts.ts NAME…`, with GANTRY_SERVER, _TOKEN and _AUTHORITY. */
import { findConnection, openClient } from '../../src/cli/connection.ts';
import { findInstallation, surroundings } from '../../src/cli/installation.ts';
import { untilReady } from '../e2e/ready-hosts.ts';

const installation = findInstallation({}, surroundings());
await untilReady(openClient(findConnection(installation, process.env)), process.argv.slice(2));
