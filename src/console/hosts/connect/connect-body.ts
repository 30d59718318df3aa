/** The request that connects a hypervisor, made of what was answered in its dialog. */
import type { CallInput } from '#api';

export interface ConnectAnswers {
  readonly address: string;
  /** Empty: what the host calls itself. */
  readonly name: string;
  /** Empty: none is asked for. */
  readonly user: string;
  readonly password: string;
  readonly allowUnverified: boolean;
  /** Empty: none is known. */
  readonly managerUrl: string;
}

export const noAnswers: ConnectAnswers = {
  address: '',
  name: '',
  user: '',
  password: '',
  allowUnverified: false,
  managerUrl: '',
};

export function connectBody(answers: ConnectAnswers): CallInput<'host.connect'>['body'] {
  const { address, user, password, allowUnverified } = answers;
  return {
    address: address.trim(),
    allowUnverified,
    ...(user.trim() === '' ? {} : { user: user.trim() }),
    ...(password === '' ? {} : { password }),
  };
}

export function addBody(answers: ConnectAnswers): CallInput<'host.add'>['body'] {
  const [name, managerUrl] = [answers.name.trim(), answers.managerUrl.trim()];
  return {
    ...connectBody(answers),
    ...(name === '' ? {} : { name }),
    ...(managerUrl === '' ? {} : { managerUrl }),
  };
}
