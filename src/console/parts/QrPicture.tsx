/** A text as a QR code: dark on light in either theme, as readers expect it. Nothing where it is too long for one. */
import { useMemo, type ReactNode } from 'react';
import { isFault, makeQrCode } from '#lib';

const quiet = 4;

export function QrPicture({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}): ReactNode {
  const code = useMemo(() => {
    try {
      return makeQrCode(text);
    } catch (error) {
      if (isFault(error, 'too-large')) return undefined;
      throw error;
    }
  }, [text]);
  if (code === undefined) return null;
  const size = code.length + 2 * quiet;
  const path = code
    .flatMap((line, row) =>
      line.map((isDark, column) => (isDark ? `M${column + quiet} ${row + quiet}h1v1h-1z` : '')),
    )
    .join('');
  return (
    <svg
      role="img"
      aria-label={label}
      className="qr-code"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
