/** The settings of a host that one form holds: native viewers and scripts have a tab of their own, and rules for volumes no form. */
import { hostSettingsSchema } from '#api';

export const hostFormSchema = hostSettingsSchema.omit({
  viewers: true,
  lowSpace: true,
  runAs: true,
  scripts: true,
});
