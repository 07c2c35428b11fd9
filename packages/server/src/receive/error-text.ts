import type { ThroughlineError } from '@throughline/model';

/** What is wrong and what to do about it, for a person. */
export function errorText({ message, hint }: ThroughlineError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/** The same after the code, by which it can be looked up. */
export function codedErrorText(error: ThroughlineError): string {
  return `${error.code}: ${errorText(error)}`;
}
