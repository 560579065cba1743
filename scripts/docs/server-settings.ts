import { DURABLE_SETTINGS } from '../../lib/broker/jetstream/provisioning/durable-settings.js';
import type { Rule } from '../../lib/broker/jetstream/provisioning/settings.js';
import { STREAM_SETTINGS } from '../../lib/broker/jetstream/provisioning/stream-settings.js';

const ORDER = ['refuse', 'warn', 'adapt', 'harmless'];

/** What is done about each setting of a stream and of a durable, worst first. */
export function serverSettingsReference(): string {
  return `### Of a stream\n\n${table(STREAM_SETTINGS)}\n\n### Of a durable\n\n${table(DURABLE_SETTINGS)}`;
}

function table(settings: Readonly<Record<string, readonly Rule<never>[]>>): string {
  const rows = Object.entries(settings)
    .flatMap(([field, rules]) => rules.map((rule) => ({ field, rule })))
    .sort((a, b) => ORDER.indexOf(a.rule.verdict) - ORDER.indexOf(b.rule.verdict))
    .map(({ field, rule: { verdict, when = defaultWhen(verdict), effect, remedy = '' } }) => {
      const reason = remedy === '' ? effect : `${effect}; ${remedy}`;
      return `| \`${field}\` | ${when} | ${verdict} | ${reason.replaceAll('|', '\\|')} |`;
    });
  return `| setting | when | verdict | why, and what to do |\n|---|---|---|---|\n${rows.join('\n')}`;
}

function defaultWhen(verdict: string): string {
  return verdict === 'harmless' ? 'any' : 'set';
}
