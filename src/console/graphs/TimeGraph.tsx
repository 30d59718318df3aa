/**
 * One graph: lines over time with the area between least and most, a scale at the side, times below, and a
 * legend that tells the values at the place pointed at, or the last ones. With the keyboard it is a slider
 * over its steps.
 */
import { useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { lastOf, type Course } from './course.ts';
import { bandPath, height, linePath, ticksOf, width } from './shape.ts';
import { useGraphText } from './words.ts';

export interface Line {
  readonly label: string;
  readonly course: Course;
}

export function TimeGraph({
  title,
  lines,
  top,
  format,
  tickMs,
  writeTime,
}: {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Of the scale, which begins at nothing. */
  readonly top: number;
  readonly format: (value: number | null) => string;
  /** Between the times below. */
  readonly tickMs: number;
  readonly writeTime: (ms: number) => string;
}): ReactNode {
  const words = useWords();
  const text = useGraphText();
  const [pointed, setPointed] = useState<number>();
  const first = lines[0]?.course;
  const count = first?.points.length ?? 0;
  const known = lines.some(({ course }) => lastOf(course) !== null);
  if (first === undefined || count < 2) return null;
  const at = pointed === undefined ? undefined : Math.min(pointed, count - 1);
  const shownMs = first.startMs + (at ?? count - 1) * first.stepMs;
  const valueOf = ({ course }: Line): string =>
    format((at === undefined ? lastOf(course) : (course.points[at] ?? null))?.average ?? null);
  const values = lines.map((line) => `${line.label} ${valueOf(line)}`).join(', ');
  const time = words.time(new Date(shownMs).toISOString());

  const point = ({ currentTarget, clientX }: PointerEvent): void => {
    const { left, width: wide } = currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / wide));
    setPointed(Math.round(share * (count - 1)));
  };
  const walk = (event: KeyboardEvent): void => {
    const from = at ?? count - 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setPointed(Math.min(count - 1, Math.max(0, to)));
  };
  return (
    <figure className="graph">
      <figcaption>
        <h2>{title}</h2>
        <ul className="graph-legend">
          {lines.map((line, index) => (
            <li key={line.label} className={`graph-line-${index}`}>
              {line.label} <strong>{valueOf(line)}</strong>
            </li>
          ))}
          {at !== undefined && <li className="graph-time">{time}</li>}
        </ul>
      </figcaption>
      <div className="graph-body">
        <ol className="graph-scale" aria-hidden>
          {[top, top / 2, 0].map((value) => (
            <li key={value}>{format(value)}</li>
          ))}
        </ol>
        <div
          className="graph-plot"
          role="slider"
          tabIndex={0}
          aria-label={title}
          aria-valuemin={0}
          aria-valuemax={count - 1}
          aria-valuenow={at ?? count - 1}
          aria-valuetext={text('describe', { title, time, values })}
          onPointerMove={point}
          onPointerLeave={() => setPointed(undefined)}
          onBlur={() => setPointed(undefined)}
          onKeyDown={walk}
        >
          <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
            {[0, 0.5, 1].map((share) => (
              <path key={share} className="graph-rule" d={`M0 ${share * height}H${width}`} />
            ))}
            {lines.map(({ label, course }, index) => (
              <g key={label} className={`graph-line-${index}`}>
                <path className="graph-band" d={bandPath(course.points, top)} />
                <path className="graph-average" d={linePath(course.points, top)} />
              </g>
            ))}
            {at !== undefined && (
              <path className="graph-pointer" d={`M${(at / (count - 1)) * width} 0V${height}`} />
            )}
          </svg>
          {!known && <p className="graph-nothing">{text('nothing')}</p>}
        </div>
        <ol className="graph-times" aria-hidden>
          {ticksOf(first.startMs, (count - 1) * first.stepMs, tickMs).map(({ ms, share }) => (
            <li key={ms} style={{ left: `${share * 100}%` }}>
              {writeTime(ms)}
            </li>
          ))}
        </ol>
      </div>
    </figure>
  );
}
