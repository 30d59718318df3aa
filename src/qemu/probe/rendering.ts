/**
 * Whether guests can draw through the host's graphics processor (HW-22): QEMU needs its device and its
 * window-less OpenGL display, both packaged apart from it, and the host a render node.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import type { QemuCapabilities } from './capabilities.ts';

export type Rendering =
  | { readonly kind: 'host'; readonly nodePath: string }
  /** `reason` in words, for people. */
  | { readonly kind: 'none'; readonly reason: string };

export interface RenderingOptions {
  /** /dev/dri unless told. */
  readonly folderPath?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const helpMs = 5_000;
/** The second is what the first is made of, and missing where its library is. */
const devices = ['virtio-vga-gl', 'virtio-gpu-gl-device'];

/** Errors: the signal's reason only; what is missing is the result. */
export async function findRendering(
  qemuPath: string,
  capabilities: Pick<QemuCapabilities, 'devices'>,
  options: RenderingOptions = {},
): Promise<Rendering> {
  const missing = devices.find((device) => !capabilities.devices.has(device));
  if (missing !== undefined) {
    return { kind: 'none', reason: `QEMU has no ${missing}; it is in qemu-system-modules-opengl` };
  }
  const { stdout } = await runProgram(qemuPath, ['-display', 'help'], {
    timeoutMs: helpMs,
    signal: options.signal,
  });
  if (!stdout.split('\n').includes('egl-headless')) {
    return { kind: 'none', reason: 'QEMU has no display egl-headless' };
  }
  const folderPath = options.folderPath ?? '/dev/dri';
  const names = await readdir(folderPath).catch((): string[] => []);
  const [node] = names.filter((name) => /^renderD\d{1,3}$/.test(name)).sort();
  if (node === undefined) {
    return { kind: 'none', reason: `the host has no graphics processor (${folderPath}/renderD*)` };
  }
  return { kind: 'host', nodePath: join(folderPath, node) };
}
