import { ErrorCode, NatsError } from 'nats';
import { LightbusError } from '../../../errors.js';

/** A refusal of the server: `publish` or `subscription`, and the subject. */
interface Refused {
  readonly operation: string;
  readonly subject: string;
}

const CLIENT_INBOX = '_INBOX';

/** Says in one sentence which right is missing and what to do. We subscribe only to our own inboxes. */
export function describeMissingRight({ operation, subject }: Refused, inboxPrefix = CLIENT_INBOX): string {
  if (operation === 'publish') {
    return `NATS does not permit this service to publish to ${subject}; grant its user that right`;
  }
  return (
    `NATS does not permit this service to subscribe to ${subject}, where answers and events arrive; grant its user ` +
    `the right to subscribe to "${inboxPrefix}.>", or set nats.inboxPrefix to a prefix that it may subscribe to`
  );
}

/** Turns a missing right into an error with that sentence; returns other errors unchanged. */
export function explainMissingRight(error: unknown, inboxPrefix?: string): unknown {
  if (!isPermissionsViolation(error)) return error;
  const refused = error.permissionContext;
  const message = refused
    ? describeMissingRight(refused, inboxPrefix)
    : `NATS does not permit this: ${error.message}; grant the service's user that right`;
  return new LightbusError(message, { cause: error });
}

/** Whether an error comes from `explainMissingRight`. It may be temporary: rights are granted without a restart. */
export function isMissingRight(error: unknown): boolean {
  return error instanceof LightbusError && isPermissionsViolation(error.cause);
}

function isPermissionsViolation(error: unknown): error is NatsError {
  return error instanceof NatsError && error.code === ErrorCode.PermissionsViolation;
}
