/** The suites of `gantry test`, in the order in which they run: the quick and the telling ones first. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** How many test files at once; those that load both processors take turns. */
  readonly atOnce: number;
}

export const suites: readonly Suite[] = [
  { name: 'tidy', files: ['test/*.test.ts', 'tools/**/*.test.ts'], atOnce: 2 },
  { name: 'lib', files: ['src/lib/**/*.test.ts'], atOnce: 2 },
  { name: 'api', files: ['src/api/**/*.test.ts'], atOnce: 2 },
  { name: 'cli', files: ['src/cli/**/*.test.ts'], atOnce: 2 },
  { name: 'console', files: ['src/console/**/*.test.ts'], atOnce: 2 },
  { name: 'coordinator', files: ['src/coordinator/**/*.test.ts'], atOnce: 2 },
  { name: 'disk', files: ['src/disk/**/*.test.ts', 'test/interop/disk/**/*.test.ts'], atOnce: 2 },
  {
    name: 'libvirt',
    files: ['src/libvirt/**/*.test.ts', 'test/interop/libvirt/**/*.test.ts'],
    atOnce: 2,
  },
  { name: 'foreign', files: ['src/foreign/**/*.test.ts'], atOnce: 2 },
  { name: 'qemu', files: ['src/qemu/**/*.test.ts'], atOnce: 2 },
  { name: 'images', files: ['images/**/*.test.ts'], atOnce: 1 },
  { name: 'agent', files: ['src/agent/**/*.test.ts'], atOnce: 2 },
  { name: 'e2e', files: ['test/e2e/**/*.test.ts', 'test/scenarios/**/*.test.ts'], atOnce: 2 },
];

/** What takes too long for every change. */
export const nightlySuites: readonly Suite[] = [
  { name: 'nightly', files: ['{src,test,images}/**/*.nightly.ts'], atOnce: 1 },
];
