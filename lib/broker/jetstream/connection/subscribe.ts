import type { Msg, NatsConnection, Subscription } from 'nats';
import type { Logger } from '../../../logger.js';

export interface SubscriptionHandlers {
  message(message: Msg): void;
  /** The subscription is gone: the server refuses it, or has withdrawn the right to it. */
  refused(error: Error): void;
}

/** Subscribes so that nothing thrown by a handler reaches the client: it would end the loop that reads the connection. */
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
