/** A small graph of recent values between nothing and `most`, at first a dash; the number beside it says the same in words. */
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
  if (values.length === 0 || most <= 0) return null;
  const drawn = values.length === 1 ? [...values, ...values] : values;
  const step = width / Math.max(20, drawn.length - 1);
  const points = drawn.map((value, index) => {
    const x = width - (drawn.length - 1 - index) * step;
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
