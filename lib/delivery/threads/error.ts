import { types } from 'node:util';
import { describeError, type ErrorDescription } from '../../logger.js';
import { Reject, RetryAfter } from '../../verdicts.js';

/** A thrown value as it is sent from one thread to another. */
export type PackedError =
  | { readonly kind: 'value'; readonly value: unknown }
  | (ErrorDescription & {
      readonly kind: 'error';
      /** Own properties that can be sent: `code`, `status` and the like; of a `RetryAfter` its `delay`. */
      readonly own: Readonly<Record<string, unknown>>;
      readonly cause: PackedError | undefined;
    });

const MAX_CAUSES = 5;
const PROTOTYPES: Readonly<Record<string, object>> = { Reject: Reject.prototype, RetryAfter: RetryAfter.prototype };

/** Never throws, whatever was thrown. */
export function packError(error: unknown, depth = 0): PackedError {
  if (types.isNativeError(error)) {
    const cause = read(error, 'cause');
    return {
      kind: 'error',
      ...describeError(error),
      own: ownOf(error),
      cause: cause === undefined || depth === MAX_CAUSES ? undefined : packError(cause, depth + 1),
    };
  }
  try {
    return { kind: 'value', value: structuredClone(error) };
  } catch {
    return { kind: 'error', ...describeError(error), own: {}, cause: undefined };
  }
}

/** The thrown value, or an error with the same name, message, stack, own properties and kind (`Reject`, `RetryAfter`). */
export function unpackError(packed: PackedError): unknown {
  if (packed.kind === 'value') return packed.value;
  const { name, message, stack, own, cause } = packed;
  const error = new Error(message, cause && { cause: unpackError(cause) });
  const prototype = PROTOTYPES[String(own.code)];
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  Object.assign(error, own);
  for (const [key, value] of Object.entries({ name, stack })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
  }
  return error;
}

function ownOf(error: Error): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    const value = read(error, key);
    if (key !== 'name' && key !== 'stack' && isPlain(value)) own[key] = value;
  }
  return own;
}

/** Not objects: they can be large, and many cannot be sent at all. */
function isPlain(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
