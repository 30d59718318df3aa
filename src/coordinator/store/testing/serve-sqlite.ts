/** The SQLite engine as a process of its own, for tests that kill it. */
import { silentLog } from '#log';
import { serveStore } from './remote.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';

const file = process.argv[2] ?? '';
serveStore((clock) => openSqliteStore({ file, clock, log: silentLog }));
