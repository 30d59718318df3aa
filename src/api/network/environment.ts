/**
 * Tags that say what vms and networks are for, of which one side should not be connected with the other: a test that
 * goes wrong on a network in production disturbs more than itself (NET-48).
 */
import { z } from 'zod';

export const tagsSchema = z.array(z.string().min(1).max(64)).max(64).default([]).meta({
  description: 'where a vm and its network are tagged test and production, it is warned of',
});

export const environments = ['test', 'production'] as const;
export type Environment = (typeof environments)[number];

/** Undefined where tags say nothing of it, or both. */
export function environmentOf(tags: readonly string[]): Environment | undefined {
  const said = environments.filter((one) => tags.some((tag) => tag.toLowerCase() === one));
  return said.length === 1 ? said[0] : undefined;
}
