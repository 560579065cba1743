import type { StreamSpec } from '../broker/broker.js';
import type { Config } from '../config/config.js';
import { apiSubjects, deadLetterStream, replayStream, streamOf } from '../names.js';

const HOUR_MS = 3_600_000;

/** The stream of an API, as it is configured. The same object each time, so that a broker can remember it. */
export class Streams {
  readonly #owned: ReadonlySet<string>;
  readonly #specs = new Map<string, StreamSpec>();
  /** By name, apart from the others: an API may be called `replays`. */
  readonly #system = new Map<string, StreamSpec>();

  /** @param owned the APIs whose streams this service makes */
  constructor(owned: Iterable<string>) {
    this.#owned = new Set(owned);
  }

  ofApi(config: Config, apiName: string): StreamSpec {
    const known = this.#specs.get(apiName);
    if (known !== undefined) return known;
    const { manage, stream } = config.api(apiName);
    const spec: StreamSpec = {
      purpose: `API "${apiName}"`,
      name: streamOf(config.prefix, apiName),
      subjects: apiSubjects(config.prefix, apiName),
      retention: 'limits',
      discard: 'old',
      config: stream,
      owned: this.#owned.has(apiName),
      manage,
    };
    this.#specs.set(apiName, spec);
    return spec;
  }

  /** What listeners gave up; any service makes it, and it refuses rather than loses. */
  deadLetters(config: Config): StreamSpec {
    return this.#ofSystem(config, deadLetterStream(config.prefix), 'dead letters', 'limits');
  }

  /** What is on its way back to its listener; an acknowledgement removes it. */
  replays(config: Config): StreamSpec {
    return this.#ofSystem(config, replayStream(config.prefix), 'replays', 'workqueue');
  }

  #ofSystem(config: Config, name: string, purpose: string, retention: StreamSpec['retention']): StreamSpec {
    const known = this.#system.get(name);
    if (known !== undefined) return known;
    const { manage, stream } = config.api('default');
    const spec: StreamSpec = {
      purpose,
      name,
      subjects: `${name}.>`,
      retention,
      discard: 'new',
      config: { ...stream, maxAge: null, maxLength: null, maxBytes: null, duplicateWindow: HOUR_MS, appendOnly: false },
      owned: true,
      manage,
    };
    this.#system.set(name, spec);
    return spec;
  }
}
