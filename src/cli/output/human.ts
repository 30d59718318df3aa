/** Times, durations and figures as people read them. */

/** `14 minutes, 27 seconds` (VM-17): the two largest units. */
export function humanDuration(seconds: number): string {
  const units = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (name === 'second' && parts.length === 0)) parts.push(counted(count, name));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(', ');
}

/** `1 host`, `2 hosts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** For `user ada was created`, which a dry run must not claim. */
export function wasOrWouldBe({ dryRun }: { readonly dryRun: boolean }): 'was' | 'would be' {
  return dryRun ? 'would be' : 'was';
}

/** `3m 20s` for tables. */
export function shortDuration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${Math.floor(seconds % 60)}s`;
  if (seconds < 86400)
    return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86400)}d ${Math.floor((seconds % 86400) / 3600)}h`;
}

/** In the viewer's time zone, to the second (EVT-05). */
export function localTime(iso: string | null): string {
  if (iso === null) return '-';
  const time = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
