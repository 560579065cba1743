import { freePorts } from '../faults/support/cluster.js';
import { type Nats, startNats } from './nats.js';

/** A hub with JetStream in the domain `hub`, and a leaf node of it. */
export interface LeafNode extends AsyncDisposable {
  readonly hub: Nats;
  readonly leaf: Nats;
}

/** @param leafJetStream the leaf's `jetstream` block, e.g. `jetstream: disabled` */
export async function startLeafNode(leafJetStream: string): Promise<LeafNode> {
  const [port] = await freePorts(1);
  const hub = await startNats({
    config: `server_name: hub\njetstream { domain: hub }\nleafnodes { listen: "127.0.0.1:${port}" }`,
  });
  const leaf = await startNats({
    config: `server_name: leaf\n${leafJetStream}\nleafnodes { reconnect: 1, remotes: [{ url: "nats://127.0.0.1:${port}" }] }`,
  }).catch(async (error: unknown) => {
    await hub[Symbol.asyncDispose]();
    throw error;
  });
  return {
    hub,
    leaf,
    async [Symbol.asyncDispose]() {
      await leaf[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}
