import { DurableConflict, StreamConflict } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { DurableSpec, StreamSpec } from '../../broker.js';
import type { DurableInfo } from './durable-config.js';
import { DURABLE_SETTINGS } from './durable-settings.js';
import { type Finding, type Judgement, judge } from './settings.js';
import type { StreamInfo } from './stream-config.js';
import { STREAM_SETTINGS } from './stream-settings.js';

/** The fields that identify a stream; of one that is only read, nothing else matters. */
const READING = ['subjects', 'retention'];

/** Checks the settings of streams and durables: refuses those that break a promise, and warns once of those that weaken one. */
export class SettingsCheck {
  readonly #logger: Logger;
  /** What was logged, because each look finds the same again. */
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param purpose reading needs less of a stream than firing and listening @throws StreamConflict */
  stream(spec: StreamSpec, { config }: StreamInfo, purpose: 'use' | 'read' = 'use'): void {
    const judgement = judge(STREAM_SETTINGS, config, spec);
    const refused = judgement.findings.find(
      ({ verdict, field }) => verdict === 'refuse' && (purpose === 'use' || READING.includes(field)),
    );
    if (refused !== undefined) {
      throw new StreamConflict(`The stream ${config.name} of ${spec.purpose} ${refused.message}`);
    }
    if (purpose === 'use') this.#tell(`stream ${config.name}`, judgement);
  }

  /** @throws DurableConflict */
  durable(spec: DurableSpec, { stream_name, config }: DurableInfo, stream: StreamInfo): void {
    const judgement = judge(DURABLE_SETTINGS, config, { spec, durable: config, stream: stream.config });
    const refused = judgement.findings.find(({ verdict }) => verdict === 'refuse');
    if (refused !== undefined) {
      throw new DurableConflict(`The durable ${spec.name} on stream ${stream_name} ${refused.message}`);
    }
    this.#tell(`durable ${spec.name}`, judgement);
  }

  #tell(what: string, { findings, unknown }: Judgement): void {
    for (const finding of findings) {
      if (!this.#isNew(`${what} ${finding.field} ${JSON.stringify(finding.value)}`)) continue;
      this.#logger[levelOf(finding)](finding.fields, `The ${what} ${finding.message}`);
    }
    if (unknown.length === 0 || !this.#isNew(`${what} ${unknown.join()}`)) return;
    this.#logger.warn(
      { unknown },
      `The ${what} has settings that this version does not know: ${unknown.join(', ')}; see what they do to events`,
    );
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}

/** What differs from the configuration is a warning, even where it is gone by. */
function levelOf({ verdict, fields }: Finding): 'warn' | 'info' {
  return verdict === 'adapt' && !('configured' in fields) ? 'info' : 'warn';
}
