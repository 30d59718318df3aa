/** Hands a file to the browser, which asks or knows where it is to be kept. */
import type { ConsoleName } from '#api';

export function savePicture(bytes: Uint8Array, name: string): void {
  saveFile(new Blob([new Uint8Array(bytes)], { type: 'image/png' }), name);
}

export function saveRecording(bytes: Uint8Array, vm: string, console: ConsoleName): void {
  const [type, ending] =
    console === 'screen'
      ? ['application/octet-stream', 'fbs']
      : ['application/x-asciicast', 'cast'];
  saveFile(new Blob([new Uint8Array(bytes)], { type }), `${vm}-${console}.${ending}`);
}

export function saveJson(value: unknown, name: string): void {
  saveFile(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }), name);
}

function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
