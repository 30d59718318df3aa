/** A thing in the picture: its sign, the way to its page, a line about it, its menu. Its lines are lit while one is at it. */
import type { CSSProperties, ReactNode } from 'react';
import type { Spot } from './layout.ts';

const placeOf = ({ x, y, width, height }: Spot): CSSProperties => ({
  left: x,
  top: y,
  height,
  ...(width === null ? { right: 0 } : { width }),
});

export function ThingNode({
  id,
  spot,
  sign,
  menu,
  detail,
  onLight,
  children,
}: {
  readonly id: string;
  readonly spot: Spot | undefined;
  readonly sign:
    { readonly glyph: string; readonly tone: string; readonly word: string } | undefined;
  readonly menu: ReactNode;
  readonly detail: string;
  readonly onLight: (id: string | undefined) => void;
  /** The link. */
  readonly children: ReactNode;
}): ReactNode {
  return (
    <li
      className="topology-node"
      style={spot && placeOf(spot)}
      onFocus={() => onLight(id)}
      onBlur={() => onLight(undefined)}
      onMouseEnter={() => onLight(id)}
      onMouseLeave={() => onLight(undefined)}
    >
      <div className="topology-words">
        <span className="topology-name">
          {sign !== undefined && (
            <>
              <span className={`sign ${sign.tone}`} title={sign.word} aria-hidden>
                {sign.glyph}
              </span>
              <span className="pf-v6-screen-reader">{`${sign.word}: `}</span>
            </>
          )}
          {children}
        </span>
        <span className="topology-detail">{detail}</span>
      </div>
      {menu}
    </li>
  );
}
