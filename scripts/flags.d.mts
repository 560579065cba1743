import type { ParseArgsConfig, parseArgs } from 'node:util';

export function readFlags<O extends NonNullable<ParseArgsConfig['options']>>(
  options: O,
  checks?: { numbers?: readonly string[]; oneOf?: Readonly<Record<string, readonly string[]>> },
): ReturnType<typeof parseArgs<{ options: O }>>['values'];
