/**
 * How GRUB starts the starter appliance, from disk and from CD. The fast kernel is tried first; where GRUB has
 * no room for it (UEFI with little memory) or it could not be made, the distribution's own is started.
 */

/** Files that GRUB reads, by their name on the boot medium. */
export const kernelFile = 'vmlinuz';
export const fastKernelFile = 'vmlinuz.fast';
export const initramfsFile = 'initrd';

const commandLine = [
  'quiet',
  'loglevel=3',
  'console=tty0',
  'console=ttyS0,115200',
  'cryptomgr.notests',
  'memhp_default_state=online_movable',
  'net.ifnames=0',
  // A kernel's test of its timer waits for ticks that an emulated processor on a busy host misses, and then panics.
  'no_timer_check',
  'panic=10',
].join(' ');

/** Modules for BIOS beside those of the medium's file system. */
export const biosModules = ['boot', 'linux'] as const;
/** For UEFI; linuxefi is in GRUB 2.06 and no longer in 2.12, where linux does its work. */
export const efiModules = ['boot', 'efi_gop', 'linux', 'linuxefi', 'normal', 'test'] as const;

/** For BIOS: built into GRUB's core, which has no `if` without its large normal mode. */
export function biosConfig(kernel: string): string {
  return [`linux /${kernel} ${commandLine}`, `initrd /${initramfsFile}`, 'boot', ''].join('\n');
}

/** For UEFI: grub.cfg beside BOOTX64.EFI. `before` are lines that find the medium, as `root`. */
export function efiConfig(before: readonly string[]): string {
  const attempt = (linux: string, initrd: string, kernel: string): string =>
    [
      `if ${linux} /${kernel} ${commandLine}; then`,
      `  if ${initrd} /${initramfsFile}; then boot; fi`,
      'fi',
    ].join('\n');
  return [
    ...before,
    attempt('linux', 'initrd', fastKernelFile),
    attempt('linuxefi', 'initrdefi', kernelFile),
    attempt('linux', 'initrd', kernelFile),
    '',
  ].join('\n');
}
