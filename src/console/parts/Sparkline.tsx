/** A small graph of recent values between nothing and `most`; the number beside it says the same in words. */
import type { ReactNode } from 'react';

const width = 60;
const height = 18;

export function Sparkline({
  values,
  most,
}: {
  readonly values: readonly (number | null)[];
  readonly most: number;
}): ReactNode {
  if (values.length < 2 || most <= 0) return null;
  const step = width / Math.max(20, values.length - 1);
  const points = values.map((value, index) => {
    const x = width - (values.length - 1 - index) * step;
    const y = height - 1 - (Math.min(most, value ?? 0) / most) * (height - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      className="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
