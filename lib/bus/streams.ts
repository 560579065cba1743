import type { StreamSpec } from '../broker/broker.js';
import type { Config } from '../config/config.js';
import { apiSubjects, deadLetterStream, replayStream, streamOf } from '../names.js';

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
      settings: `apis.${apiName}.stream`,
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
    return this.#ofSystem(config, deadLetterStream(config.prefix), 'deadLetters', 'limits');
  }

  /** What is on its way back to its listener; an acknowledgement removes it. */
  replays(config: Config): StreamSpec {
    return this.#ofSystem(config, replayStream(config.prefix), 'replays', 'workqueue');
  }

  #ofSystem(
    config: Config,
    name: string,
    key: 'deadLetters' | 'replays',
    retention: StreamSpec['retention'],
  ): StreamSpec {
    const known = this.#system.get(name);
    if (known !== undefined) return known;
    const spec: StreamSpec = {
      purpose: key === 'deadLetters' ? 'dead letters' : key,
      settings: `${key}.stream`,
      name,
      subjects: `${name}.>`,
      retention,
      discard: 'new',
      config: config[key].stream,
      owned: true,
      manage: config.api('default').manage,
    };
    this.#system.set(name, spec);
    return spec;
  }
}
