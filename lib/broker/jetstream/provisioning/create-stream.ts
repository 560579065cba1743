import { LightbusError } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { StreamSpec, WaitOptions } from '../../broker.js';
import { ApiCode, ApiError, isApiError, type JetStreamApi } from '../connection/requests.js';
import { type StreamInfo, streamConfig } from './stream-config.js';

const AUTO_REPLICAS = 3;

/**
 * Makes a stream with the configured number of copies, or with as many as JetStream has servers for, which only JetStream knows.
 *
 * @throws ApiError
 */
export async function createStream(
  api: JetStreamApi,
  spec: StreamSpec,
  { waitOptions, logger }: { waitOptions: WaitOptions; logger: Logger },
): Promise<StreamInfo> {
  const { replicas } = spec.config;
  const isAuto = replicas === 'auto';
  let copies = isAuto ? ((await api.mayBeClustered(waitOptions)) ? AUTO_REPLICAS : 1) : replicas;
  for (;;) {
    try {
      return await api.request<StreamInfo>(`STREAM.CREATE.${spec.name}`, streamConfig(spec, copies), waitOptions);
    } catch (error) {
      if (copies === 1 || !isApiError(error, ApiCode.noSuitablePeers, ApiCode.replicasNotSupported)) throw error;
      // Two copies need both servers for a majority: they lose less than one copy, and stop more often.
      const fewer = isAuto ? 1 : copies - 1;
      // Nobody asked for more than one server.
      if (!isAuto || !isApiError(error, ApiCode.replicasNotSupported)) {
        logger.warn(
          { stream: spec.name, replicas: fewer, reason: (error as ApiError).reason },
          `JetStream has no ${copies} servers for the stream ${spec.name} just now; making ${fewer === 1 ? 'one copy' : `${fewer} copies`}. ` +
            `Raise its replicas when they are there, or set ${spec.settings}.replicas`,
        );
      }
      copies = fewer;
    }
  }
}

/** The remedy for each refusal of a stream, where the user has one. */
const REMEDIES: Readonly<Record<number, string>> = {
  10002: 'have the limits of its account raised, or set maxBytes to less',
  10005: 'set replicas to the number of its servers, or a placement that some of them fit',
  10023: 'give the server more storage, or set maxBytes to less',
  10026: 'have the limit of consumers of its account raised',
  10027: 'have the limit of streams of its account raised',
  10028: 'give the server more memory, or set storage to file',
  10047: 'give the server more storage, or set maxBytes to less',
  10052: 'correct these settings',
  10074: 'set replicas to 1',
  10113: 'set maxBytes, which its account demands',
  10122: 'set maxBytes to less, which its account limits',
};

/** The error for a stream that JetStream refuses to make, with the setting to change. */
export function explainRefusedStream(spec: StreamSpec, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const remedy = REMEDIES[error.apiCode] ?? 'see what the server logged';
  return new LightbusError(
    `JetStream refused to make the stream ${spec.name} of ${spec.purpose}: ${error.reason}; ${remedy} (${spec.settings})`,
    { cause: error },
  );
}
