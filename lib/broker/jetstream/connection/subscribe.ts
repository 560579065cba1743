import type { Msg, NatsConnection, Subscription } from 'nats';
import type { Logger } from '../../../logger.js';

export interface SubscriptionHandlers {
  message(message: Msg): void;
  /** The subscription has ended: the server refuses it, or has withdrawn the right. */
  refused(error: Error): void;
}

/** Subscribes. Errors of the handler do not reach the client, because they would end its read loop. */
export function subscribe(
  nats: NatsConnection,
  subject: string,
  handlers: SubscriptionHandlers,
  logger: Logger,
): Subscription {
  return nats.subscribe(subject, {
    callback: (error, message) => {
      try {
        // With an error, the message is an empty object.
        if (error === null) handlers.message(message);
        else handlers.refused(error);
      } catch (cause) {
        logger.error({ err: cause, subject }, 'A message from NATS could not be processed; it was dropped');
      }
    },
  });
}
