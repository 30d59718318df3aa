/**
 * Functions of libraries that are in this process anyway, reached by node:ffi where this Node has it (26 and later) and
 * the host is Linux. Whoever asks has another way where there are none.
 */
import type { dlopen } from 'node:ffi';

type Definitions = Parameters<typeof dlopen>[1];

/** The functions by name, of which the caller checks that they are there; undefined: not here. */
export function loadSymbols(definitions: Definitions): object | undefined {
  if (process.platform !== 'linux') return undefined;
  const warn = process.emitWarning.bind(process);
  try {
    // that the module is experimental says nothing to our users
    process.emitWarning = () => undefined;
    const ffi = process.getBuiltinModule('node:ffi');
    return ffi.dlopen(null, definitions).functions;
  } catch {
    return undefined; // an older Node, another library, or FFI forbidden by --permission
  } finally {
    process.emitWarning = warn;
  }
}

/** Where the bytes lie, for a structure that a function of `loadSymbols` is given. They must be kept, and not be transferred, while it may be read. */
export function pointerTo(bytes: Uint8Array): bigint {
  return process.getBuiltinModule('node:ffi').getRawPointer(bytes);
}
