/** The suites of `gantry test`, in the order in which they run: the quick and the telling ones first. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** How many test files at once; those that load both processors take turns. */
  readonly atOnce: number;
  /** After which a test file is taken to hang. */
  readonly hangLimitMs: number;
  /**
   * A file that fails is run once more, alone, and what passes then is told as unsteady: for suites of real guests and
   * browsers, where a machine under load can take minutes for what takes seconds. What is broken fails twice.
   */
  readonly failedOnceMore: boolean;
}

const usual = { atOnce: 2, hangLimitMs: 600_000, failedOnceMore: false } as const;
/** Where one file waits for a service or a host the others work. */
const waiting = { ...usual, atOnce: 3 } as const;
const guests = { ...waiting, failedOnceMore: true } as const;

export const suites: readonly Suite[] = [
  { name: 'tidy', files: ['test/*.test.ts', 'tools/**/*.test.ts'], ...usual },
  { name: 'lib', files: ['src/lib/**/*.test.ts'], ...usual },
  { name: 'api', files: ['src/api/**/*.test.ts'], ...usual },
  { name: 'cli', files: ['src/cli/**/*.test.ts'], ...usual },
  { name: 'console', files: ['src/console/**/*.test.ts'], ...usual },
  { name: 'coordinator', files: ['src/coordinator/**/*.test.ts'], ...waiting },
  { name: 'disk', files: ['src/disk/**/*.test.ts', 'test/interop/disk/**/*.test.ts'], ...usual },
  {
    name: 'libvirt',
    files: ['src/libvirt/**/*.test.ts', 'test/interop/libvirt/**/*.test.ts'],
    ...usual,
  },
  { name: 'nbd', files: ['src/nbd/**/*.test.ts'], ...usual },
  { name: 'foreign', files: ['src/foreign/**/*.test.ts'], ...usual },
  { name: 'qemu', files: ['src/qemu/**/*.test.ts'], ...usual },
  { name: 'images', files: ['images/**/*.test.ts'], ...usual, failedOnceMore: true },
  { name: 'agent', files: ['src/agent/**/*.test.ts'], ...guests },
  {
    name: 'e2e',
    files: ['test/e2e/**/*.test.ts', 'test/scenarios/**/*.test.ts'],
    ...guests,
  },
];

/** What takes too long for every change. */
export const nightlySuites: readonly Suite[] = [
  {
    name: 'nightly',
    files: ['{src,test,images}/**/*.nightly.ts'],
    atOnce: 1,
    hangLimitMs: 7_200_000,
    failedOnceMore: false,
  },
];
