/** Cylinders, heads and sectors of a VHD, as the appendix "CHS Calculation" of its specification has them. */

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

const maxSectors = 65535 * 16 * 255;

/** The geometry for a size in sectors. It covers at most that many, often a few less. */
export function geometryFor(sizeSectors: number): Geometry {
  const total = Math.min(sizeSectors, maxSectors);
  let sectorsPerTrack: number;
  let heads: number;
  let tracks: number;
  if (total >= 65535 * 16 * 63) {
    sectorsPerTrack = 255;
    heads = 16;
    tracks = Math.floor(total / sectorsPerTrack);
  } else {
    sectorsPerTrack = 17;
    tracks = Math.floor(total / sectorsPerTrack);
    heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
    if (tracks >= heads * 1024 || heads > 16) {
      sectorsPerTrack = 31;
      heads = 16;
      tracks = Math.floor(total / sectorsPerTrack);
    }
    if (tracks >= heads * 1024) {
      sectorsPerTrack = 63;
      heads = 16;
      tracks = Math.floor(total / sectorsPerTrack);
    }
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectorsPerTrack };
}

export function geometrySectors(geometry: Geometry): number {
  return geometry.cylinders * geometry.heads * geometry.sectorsPerTrack;
}

/** Whether the geometry is at the end of its range and says nothing about the size any more. */
export function isLargestGeometry(geometry: Geometry): boolean {
  return geometrySectors(geometry) >= maxSectors;
}

/** The smallest size in sectors, not below the given one, that its own geometry covers exactly. */
export function roundToGeometry(sizeSectors: number): number {
  if (sizeSectors > maxSectors) return sizeSectors;
  for (let wider = sizeSectors; ; wider += 1) {
    const covered = geometrySectors(geometryFor(wider));
    if (covered >= sizeSectors) return covered;
  }
}
