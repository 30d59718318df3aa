/**
 * Commands on disk files of this machine. No coordinator is needed: the disk library does the work in this process, with the
 * help of a small machine where it is about files inside.
 */
import { changeCommands } from '../disk/change.ts';
import { fileCommands } from '../disk/files.ts';
import { identifyCommands } from '../disk/identify.ts';
import { inspectCommands } from '../disk/inspect.ts';
import { isoCommands } from '../disk/iso.ts';
import { lookCommands } from '../disk/look.ts';
import { makeCommands } from '../disk/make.ts';
import { serveCommands } from '../disk/serve.ts';

export const diskCommands = [
  ...identifyCommands,
  ...inspectCommands,
  ...lookCommands,
  ...makeCommands,
  ...isoCommands,
  ...changeCommands,
  ...fileCommands,
  ...serveCommands,
];
