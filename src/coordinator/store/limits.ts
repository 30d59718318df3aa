/** The bounds of the store. What exceeds one is refused, never cut. */
import { miB } from '#lib';

/** Characters of an id, a lease's name or a holder's name. */
export const maxIdLength = 256;
/** One document or event as JSON. */
export const maxDocumentBytes = 8 * miB;
/** Conditions, writes and events of one commit, each. */
export const maxCommitItems = 5_000;
/** All JSON of one commit, in UTF-16 units. */
export const maxCommitLength = 64 * miB;
/** Commits and other changes that wait for the writer. */
export const maxWaitingJobs = 20_000;
/** Jobs that share one flush of the disk. */
export const maxBatchJobs = 512;
/** JSON that shares one flush, so that a batch of large commits stays short. */
export const maxBatchLength = 32 * miB;
/** Documents, events, blocks of samples or changes of one answer. */
export const maxAnswerRows = 10_000;
/** Blocks of samples of one call. */
export const maxSampleBlocks = 5_000;
/** All bytes of them. */
export const maxSampleBytes = 32 * miB;
/** Changes that are kept in memory for watchers; who falls behind further is cut off. */
export const feedChanges = 4_096;
/** Their JSON, in UTF-16 units; in memory it is two to three times as much. */
export const feedLength = 4 * miB;
