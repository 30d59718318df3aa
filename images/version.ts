/** The numbers that every image carries, in one place. */

/** Version of the guest additions: built into the starter and Debian images and on the additions CD (GA-19). */
export const additionsVersion = '1.0.0';

/** Version of the starter appliance, in its banner and its os-release. */
export const starterVersion = '1.0';

/** The time that stands in every image, seconds since 1970 (2025-01-01T00:00Z): equal inputs give equal bytes. */
export const imageEpochS = 1_735_689_600;
