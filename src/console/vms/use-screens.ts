/** Whether lists show small pictures of screens: where the site allows it, and to who wants them in this browser. */
import { useInstallation } from '../parts/ask.ts';
import { useRemembered } from '../parts/remembered.ts';

export function useOwnScreens(): readonly [boolean, (value: boolean) => void] {
  return useRemembered('thumbnails', (stored) => stored === true);
}

/** Who does not want them does not ask whether they are allowed. */
export interface Screens {
  readonly shown: boolean;
  readonly allowed: boolean;
  readonly setOwn: (value: boolean) => void;
}

export function useScreens(): Screens {
  const [own, setOwn] = useOwnScreens();
  const { data } = useInstallation({ enabled: own });
  const thumbnails = data?.settings.thumbnails;
  return { shown: own && thumbnails === true, allowed: thumbnails !== false, setOwn };
}
