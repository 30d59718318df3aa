/** A small graph of one number over the last minutes; the present value stands beside it in words. */
import type { ReactNode } from 'react';

const width = 240;
const height = 48;

export function Graph({
  points,
  maximum,
  label,
}: {
  readonly points: readonly number[];
  /** The top of the graph, in the unit of the points. */
  readonly maximum: number;
  readonly label: string;
}): ReactNode {
  const top = Math.max(maximum, ...points, 1);
  const step = width / Math.max(points.length - 1, 1);
  const line = points
    .map((point, i) => `${(i * step).toFixed(1)},${(height - (point / top) * height).toFixed(1)}`)
    .join(' ');
  return (
    <svg
      className="graph"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
    >
      <polyline points={line} />
    </svg>
  );
}
