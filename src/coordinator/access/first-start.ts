/** What a new installation begins with: the user admin, without a password, who may do everything. */
import { randomUUID } from 'node:crypto';
import { isFault } from '#lib';
import { builtInRoles, firstUserId, installationId } from '#api';
import { reserveName } from '../app/names.ts';
import type { Coordinator } from '../context.ts';
import type { GrantDocument, UserDocument } from '../documents.ts';
import { guardId, guardWrite } from './access-change.ts';
import { createSystemCaller } from './rights/rights.ts';
import { attributeText, securityEvent, userThing } from './security-event.ts';

export const firstUserName = 'admin';

/** Once per installation: a user who was deleted later does not come back. */
export async function prepareFirstStart(coordinator: Coordinator): Promise<void> {
  if (coordinator.inventory.document('setting', guardId)) return;
  const user: UserDocument = {
    name: firstUserName,
    displayName: 'Administrator',
    groups: [],
    disabled: false,
    passwordHash: null,
    lastSignInAt: null,
  };
  const grant: GrantDocument = {
    subjectKind: 'user',
    subject: firstUserId,
    role: builtInRoles['administrator']?.id ?? '',
    objectKind: 'installation',
    objectId: installationId,
    deny: false,
  };
  const name = reserveName('user', firstUserName, firstUserId);
  const system = createSystemCaller(randomUUID());
  try {
    await coordinator.commit({
      conditions: [{ kind: 'setting', id: guardId, absent: true }, ...name.conditions],
      writes: [
        { kind: 'user', id: firstUserId, data: user },
        { kind: 'grant', id: randomUUID(), data: grant },
        ...name.writes,
        guardWrite(0),
      ],
      events: [
        securityEvent(system, 'security.user.changed', userThing(firstUserId, firstUserName), {
          how: 'created',
          oldValue: null,
          newValue: attributeText('administrator on the installation'),
        }),
      ],
    });
  } catch (error) {
    // Another coordinator was first.
    if (!isFault(error, 'exists')) throw error;
  }
}
