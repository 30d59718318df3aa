/** The settings of a host's scripts, under the names that they have on it. */
import { hostSettingsSchema } from '#api';

export const hostScriptsSchema = hostSettingsSchema.pick({ scripts: true, runAs: true });
