/** The settings of native viewers, under the name that they have on a host. */
import { z } from 'zod';
import { viewerSettingsSchema } from '#api';

export const viewerSchema = z.strictObject({ viewers: viewerSettingsSchema });
