import type { Option, OptionTable } from '../../lib/config/option.js';
import { CONFIG_OPTIONS } from '../../lib/config/options.js';

/** Every option of the configuration, a table for each group, from the tables that the options are checked by. */
export function configurationReference(): string {
  return tablesOf(CONFIG_OPTIONS, []).join('\n\n');
}

function tablesOf(table: OptionTable, path: readonly string[]): string[] {
  const options = Object.entries(table);
  const rows = options.map(([key, option]) => row(key, option, path));
  const head = path.length === 0 ? '' : `### \`${path.join('.')}\`\n\n`;
  const own = `${head}| option | may be | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}`;
  const groups = options.flatMap(([key, option]) => {
    if (option.type === 'group') return tablesOf(option.options, [...path, key]);
    if (option.type === 'perApi') return tablesOf(option.options, [...path, key, '<api>']);
    return [];
  });
  return [own, ...groups];
}

function row(key: string, option: Option, path: readonly string[]): string {
  const cells = [`\`${key}\``, allowed(key, option, path), defaultOf(option), option.doc];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function allowed(key: string, option: Option, path: readonly string[]): string {
  switch (option.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'choice':
      return option.values.map((value) => `\`${value}\``).join(', ');
    case 'duration':
      return `duration${option.minimum > 1 ? ` from ${option.minimum} ms` : ''}`;
    case 'integer': {
      const range = option.maximum === undefined ? `from ${option.minimum}` : `${option.minimum} to ${option.maximum}`;
      return [`integer ${range}`, ...(option.words ?? []).map((word) => `\`${word}\``)].join(', ');
    }
    case 'string':
      return option.allowed ?? 'string';
    case 'value':
      return option.allowed;
    case 'path':
      return option.orText ? 'path of a file, or its text' : 'path of a file';
    case 'strings':
      return 'string, or a list of strings';
    case 'group':
      return `see [\`${[...path, key].join('.')}\`](#${anchor([...path, key])})`;
    case 'perApi':
      return `by API name, and \`default\`: see [\`${[...path, key, '<api>'].join('.')}\`](#${anchor([...path, key, '<api>'])})`;
  }
}

function defaultOf(option: Option): string {
  const { defaultText } = option;
  // What looks like a tag would not show.
  if (defaultText !== undefined) return defaultText.includes('<') ? `\`${defaultText}\`` : defaultText;
  if (option.type === 'perApi' || (option.type === 'group' && option.default === undefined)) return '';
  if (option.default === undefined) return 'none';
  if (option.type === 'duration' && typeof option.default === 'number') return `${option.default} s`;
  return `\`${String(option.default)}\``;
}

/** As GitHub makes the anchor of a heading. */
function anchor(path: readonly string[]): string {
  return path.join('').toLowerCase().replace(/[<>]/g, '');
}
