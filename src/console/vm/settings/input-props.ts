/** What a field gives to the input of its value. */
export interface InputProps<Value> {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly isDisabled: boolean;
  readonly validated: 'error' | 'default';
  readonly value: Value;
  readonly onValue: (value: unknown) => void;
}
