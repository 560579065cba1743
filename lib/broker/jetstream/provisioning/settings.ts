/**
 * What happens at a setting of a stream or a durable: `refuse` throws, `warn` logs its effect and goes on, `adapt` works with
 * it, `harmless` ignores it.
 */
export type Verdict = 'refuse' | 'warn' | 'adapt' | 'harmless';

/** A rule for one setting. */
export interface Rule<Context> {
  readonly verdict: Verdict;
  /** The effect of the setting, or why it is harmless. Part of messages and of the documentation. */
  readonly effect: string;
  /** The values that the rule is for, for the documentation. @default any value */
  readonly when?: string;
  /** Whether the rule is about this value; undefined stands for a setting that the server does not have. */
  readonly applies?: (value: unknown, context: Context) => boolean;
  /** The configured value, if the setting is compared with it. */
  readonly configured?: (context: Context) => unknown;
  /** Replaces `has <field> <value>: <effect>` where the values say more. */
  readonly says?: (value: unknown, context: Context) => string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** The rules of each field, the first that applies counts. */
export type SettingTable<Context> = Readonly<Record<string, readonly Rule<Context>[]>>;

/** A setting that breaks a rule. */
export interface Finding {
  readonly field: string;
  readonly verdict: Exclude<Verdict, 'harmless'>;
  readonly value: unknown;
  /** Completes "the stream …", remedy included. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Fields that are set and not in the table, as of a newer server. */
  readonly unknown: readonly string[];
}

/** Applies a table to a configuration; the worst finding first. */
export function judge<Context>(
  table: SettingTable<Context>,
  config: Readonly<Record<string, unknown>>,
  context: Context,
): Judgement {
  const findings = Object.entries(table)
    .map(([field, rules]) => finding(field, rules, config[field], context))
    .filter((each) => each !== undefined);
  const unknown = Object.keys(config).filter((field) => !Object.hasOwn(table, field) && isSet(config[field]));
  return { findings: findings.sort((a, b) => severity(a) - severity(b)), unknown };
}

/** Whether a value says anything: servers report many a setting that nobody made. */
export function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function finding<Context>(
  field: string,
  rules: readonly Rule<Context>[],
  value: unknown,
  context: Context,
): Finding | undefined {
  const rule = rules.find((each) => applies(each, value, context));
  if (rule === undefined || rule.verdict === 'harmless') return undefined;
  const remedy = rule.remedy === undefined ? '' : `; ${rule.remedy}`;
  const { verdict } = rule;
  if (rule.configured !== undefined) {
    const configured = rule.configured(context);
    const message = `has ${field} ${show(value)} on the server, and ${show(configured)} is configured; going on with the server's${remedy}`;
    return { field, verdict, value, message, fields: { field, server: value, configured } };
  }
  const said = rule.says?.(value, context) ?? `has ${field} ${show(value)}: ${rule.effect}`;
  return { field, verdict, value, message: `${said}${remedy}`, fields: { field, server: value } };
}

function applies<Context>(rule: Rule<Context>, value: unknown, context: Context): boolean {
  if (rule.applies !== undefined) return rule.applies(value, context);
  if (rule.configured !== undefined) return (value ?? 0) !== rule.configured(context);
  return isSet(value);
}

function severity({ verdict }: Finding): number {
  return ['refuse', 'warn', 'adapt'].indexOf(verdict);
}

function show(value: unknown): string {
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 200);
}
