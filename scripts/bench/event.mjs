// The event that travels in the bench: the same bytes, schema and headers for both contenders.
import { randomUUID } from 'node:crypto';

export const SUBJECTS = { lightbus: 'lightbus.bench.order_placed', raw: 'raw_bench.order_placed' };
export const STREAMS = { lightbus: 'lightbus-bench', raw: 'raw_bench' };

/** Strict enough that validation has something to do. */
export const PROPERTIES = {
  number: { type: 'integer', minimum: 0 },
  customer: { type: 'string', minLength: 1, maxLength: 100 },
  email: { type: 'string', minLength: 3, maxLength: 200 },
  amount: { type: 'number', minimum: 0 },
  currency: { type: 'string', enum: ['EUR', 'USD'] },
};

export const SCHEMA = { type: 'object', properties: PROPERTIES, required: Object.keys(PROPERTIES) };

/** About 128 bytes as JSON; `number` tells the events apart. */
export function order(number) {
  return {
    number,
    customer: 'Countess Ada Lovelace',
    email: 'ada.lovelace@example.com',
    amount: 1815.12,
    currency: 'EUR',
  };
}

/** Six headers, by hand: what whoever uses the client directly would send for the same metadata. */
export function setHeaders(headers) {
  const id = randomUUID();
  headers.set('Nats-Msg-Id', id);
  headers.set('ce-id', id);
  headers.set('ce-source', '/bench');
  headers.set('ce-type', 'bench.order_placed');
  headers.set('ce-time', new Date().toISOString());
  headers.set('content-type', 'application/json');
  return headers;
}
