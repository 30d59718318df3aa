/** How what is under way is asked for: how much it is, and the newest of it. */
export const unfinished = {
  filter: 'state = pending OR state = running OR state = cancelling',
  sort: '-createdAt',
  limit: 1,
} as const;
