import type { DurableSpec, StreamSpec } from '../../../lib/broker/broker.js';
import { type DurableInfo, durableConfig } from '../../../lib/broker/jetstream/provisioning/durable-config.js';
import { type StreamInfo, streamConfig } from '../../../lib/broker/jetstream/provisioning/stream-config.js';

/** The stream of an API that this service owns, configured as it is without any configuration. */
export const SHOP: StreamSpec = {
  purpose: 'API "shop"',
  settings: 'apis.auth.stream',
  name: 'lightbus-shop',
  subjects: 'lightbus.shop.*',
  retention: 'limits',
  discard: 'old',
  config: {
    storage: 'file',
    replicas: 'auto',
    maxAge: null,
    maxLength: null,
    maxBytes: null,
    duplicateWindow: 120_000,
    appendOnly: false,
    placement: null,
  },
  owned: true,
  manage: true,
};

export const DURABLE: DurableSpec = {
  stream: SHOP,
  name: 'watch',
  filterSubject: 'lightbus.shop.order_placed',
  lease: 60_000,
  maxAckPending: 5000,
  startAt: 'new',
};

export function deadLetters(): StreamSpec {
  const name = 'lightbus_dead_letters';
  return { ...SHOP, purpose: 'dead letters', name, subjects: `${name}.>`, discard: 'new' };
}

/** A stream as we make it, but for what `config` says. */
export function streamInfo(spec: StreamSpec, config: Record<string, unknown> = {}): StreamInfo {
  return {
    config: { ...(streamConfig(spec, 1) as StreamInfo['config']), ...config },
    created: '2026-01-01T00:00:00Z',
    state: { messages: 0, first_seq: 0, last_seq: 0 },
  };
}

/** A durable as we make it, but for what `config` says. */
export function durableInfo(config: Record<string, unknown> = {}): DurableInfo {
  return {
    stream_name: SHOP.name,
    name: DURABLE.name,
    created: '2026-01-01T00:00:00Z',
    config: { ...durableConfig(DURABLE), ...config },
    ack_floor: { consumer_seq: 0, stream_seq: 0 },
    delivered: { consumer_seq: 0, stream_seq: 0 },
    num_pending: 0,
    num_ack_pending: 0,
  };
}
