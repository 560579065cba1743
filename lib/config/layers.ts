import { resolve } from 'node:path';
import type { Duration } from '../duration.js';
import { toMilliseconds } from '../duration.js';
import { looksSecret } from '../secret-text.js';
import { isMapping } from './check.js';
import type { Option, OptionTable } from './option.js';

/** Options that were checked, by name; the layers of one call stand in order of precedence, highest first. */
export type Layer = Readonly<Record<string, unknown>> | null | undefined;

/** The value of the highest layer that has `key`. `undefined` is as good as not there; `null` is a value. */
export function firstOf(layers: readonly Layer[], key: string): unknown {
  return layers.find((layer) => layer?.[key] !== undefined)?.[key];
}

/** The layers of a group: what each layer has under `key`. */
export function layersOf(layers: readonly Layer[], key: string): Layer[] {
  return layers.map((layer) => layer?.[key]).filter(isMapping);
}

/** One value for each option of the table, its default filled in, durations in milliseconds. */
export function resolveOptions(table: OptionTable, layers: readonly Layer[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([key, option]) => [key, resolveOption(option, layers, key)]));
}

function resolveOption(option: Option, layers: readonly Layer[], key: string): unknown {
  // Not one value: it depends on the API that is asked for.
  if (option.type === 'perApi') return undefined;
  if (option.type === 'group') {
    if (option.default !== null) return resolveOptions(option.options, layersOf(layers, key));
    // Whole from one source: half a certificate of another place would be worse than none.
    const given = firstOf(layers, key);
    return isMapping(given) && Object.values(given).some((value) => value !== undefined && value !== null)
      ? resolveOptions(option.options, [given])
      : null;
  }
  const value = firstOf(layers, key) ?? option.default;
  return option.type === 'duration' && typeof value !== 'object' ? toMilliseconds(value as Duration, key) : value;
}

/** The same options with every path made relative to `directory`. */
export function withPathsIn(directory: string, table: OptionTable, layer: Layer): Layer {
  if (layer === undefined || layer === null) return layer;
  return Object.fromEntries(
    Object.entries(layer).map(([key, value]) => {
      const option = table[key];
      if (option?.type === 'path' && typeof value === 'string' && !(option.orText && looksSecret(value))) {
        return [key, resolve(directory, value)];
      }
      if (option?.type === 'group' && isMapping(value)) {
        return [key, withPathsIn(directory, option.options, value)];
      }
      return [key, value];
    }),
  );
}
