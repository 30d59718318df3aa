/**
 * What a problem document (problem.ts) tells a client. It is read field by field and not with its schema, since the
 * console's first page reads no schema; a test holds both to the same documents.
 */
import { Fault, faultCodes, type FaultCode, type Reason } from '#lib';

/** The fault that a problem document tells. Anything else becomes `internal` with the status. */
export function faultFromProblem(status: number, body: unknown): Fault {
  const { code, detail, hint, facts, reasons } = isRecord(body) ? body : {};
  if (
    !isFaultCode(code) ||
    typeof detail !== 'string' ||
    !isTextOrNone(hint) ||
    !(facts === undefined || isRecord(facts)) ||
    !(reasons === undefined || (Array.isArray(reasons) && reasons.every(isReason)))
  )
    return new Fault(
      status >= 500 ? 'unavailable' : 'internal',
      `the server answered ${status} without an explanation`,
    );
  return new Fault(code, detail, { hint, facts, reasons });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isFaultCode(value: unknown): value is FaultCode {
  return typeof value === 'string' && Object.hasOwn(faultCodes, value);
}

function isReason(value: unknown): value is Reason {
  return (
    isRecord(value) &&
    typeof value['code'] === 'string' &&
    typeof value['text'] === 'string' &&
    isTextOrNone(value['remedy'])
  );
}
