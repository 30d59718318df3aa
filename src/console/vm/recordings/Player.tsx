/** Shows a recording, with what holds, moves and speeds it. */
import { Button, Checkbox, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ConsoleName } from '#api';
import { useWords } from '../../console.ts';
import { useVmText } from '../words/vm-words.ts';
import { formatPlace } from './format-place.ts';
import { Playback } from './playback.ts';
import type { Recorded } from './recorded.ts';
import { stageScreen, stageTerminal } from './stages.ts';
import { Alert } from '../../parts/Alert.tsx';

const speeds = [1, 2, 4, 8, 16] as const;
const shortPauseMs = 1000;
/** A page that was out of sight does not leap. */
const longestStepMs = 250;
/** Keys that move the place go this far. */
const [fineStepMs, coarseStepMs] = [100, 1000];
const coarseFromMs = 60_000;

export function Player({
  recorded,
  console,
  children,
}: {
  readonly recorded: Recorded;
  readonly console: ConsoleName;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const place = useRef<HTMLDivElement>(null);
  const [playback, setPlayback] = useState<Playback | undefined>(undefined);
  const [placeMs, setPlaceMs] = useState(0);
  const [isPlaying, setPlaying] = useState(true);
  const [speed, setSpeed] = useState<number>(1);
  const [isShort, setShort] = useState(false);
  const [isDamaged, setDamaged] = useState(false);
  const isScreen = console === 'screen';
  useEffect(() => {
    if (place.current === null) return undefined;
    const stage = isScreen
      ? stageScreen(place.current, () => setDamaged(true))
      : stageTerminal(place.current, recorded);
    const { pieces } = recorded;
    const made = new Playback({ pieces, stage, now: () => performance.now(), breathe });
    void made.seek(0);
    setPlayback(made);
    return () => stage[Symbol.dispose]();
  }, [recorded, isScreen]);
  useEffect(() => {
    if (playback === undefined || !isPlaying) return undefined;
    let last = performance.now();
    const step = (now: number): void => {
      const elapsedMs = Math.min(Math.max(now - last, 0), longestStepMs);
      last = now;
      void playback.seek(playback.placeMs + elapsedMs * speed);
      setPlaceMs(playback.placeMs);
      if (playback.placeMs >= playback.durationMs) setPlaying(false);
      else frame = requestAnimationFrame(step);
    };
    let frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playback, isPlaying, speed]);
  const go = (toMs: number): void => {
    void playback?.seek(toMs);
    setPlaceMs(playback?.placeMs ?? 0);
  };
  const durationMs = playback?.durationMs ?? 0;
  const toggle = (): void => {
    if (!isPlaying && placeMs >= durationMs) go(0);
    setPlaying(!isPlaying);
  };
  const stepMs = durationMs > coarseFromMs ? coarseStepMs : fineStepMs;
  const endMs = Math.ceil(durationMs / stepMs) * stepMs;
  const said = `${formatPlace(placeMs)} / ${formatPlace(durationMs)}`;
  return (
    <>
      {isDamaged && <Alert variant="warning" isInline component="p" title={text('damaged')} />}
      {isScreen ? (
        <div className="screen" role="group" aria-label={words.text('screen')}>
          <div ref={place} className="picture" />
        </div>
      ) : (
        <div
          ref={place}
          className="terminal-place"
          role="group"
          aria-label={words.text('serial')}
        />
      )}
      <div className="player" role="group" aria-label={text('player')}>
        <Button onClick={toggle}>{text(isPlaying ? 'hold' : 'play')}</Button>
        <input
          type="range"
          aria-label={text('playerPlace')}
          aria-valuetext={said}
          min={0}
          max={endMs}
          step={stepMs}
          value={placeMs < durationMs ? placeMs : endMs}
          onChange={({ target }) => go(target.valueAsNumber)}
        />
        <span className="player-place">{said}</span>
        <FormSelect
          aria-label={text('speed')}
          value={speed}
          onChange={(_event, chosen) => setSpeed(Number(chosen))}
        >
          {speeds.map((one) => (
            <FormSelectOption key={one} value={one} label={`${words.count(one)}×`} />
          ))}
        </FormSelect>
        <Checkbox
          id="short-pauses"
          label={text('shortPauses')}
          isChecked={isShort}
          onChange={(_event, short) => {
            playback?.limitPauses(short ? shortPauseMs : Number.POSITIVE_INFINITY);
            setPlaceMs(playback?.placeMs ?? 0);
            setShort(short);
          }}
        />
        {children}
      </div>
    </>
  );
}

async function breathe(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 0);
  await promise;
}
