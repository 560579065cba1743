import type { Format } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';

/** Says something about the value to people and generators, and nothing that could be checked. */
const ANY = true;

/**
 * The formats that are checked: those of JSON Schema (by ajv-formats) and those that OpenAPI tools and code generators
 * write. `decimal`, `float` and the integers also stand beside numbers; a text is checked where generators send one.
 */
export const FORMATS: { readonly [name: string]: Format } = {
  ...(fullFormats as { readonly [name: string]: Format }),
  // The pattern of ajv-formats takes a time that grows with the square of the text.
  url: { type: 'string', validate: (text: string) => /^(?:https?|ftp):\/\//i.test(text) && URL.canParse(text) },
  ...integers('int', [8, 16, 32, 64], true),
  ...integers('uint', [8, 16, 32, 64], false),
  guid: /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i,
  decimal: /^[+-]?\d+(?:\.\d+)?$/,
  byte: /^(?:[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9_-]*)$/,
  float: ANY,
  double: ANY,
  binary: ANY,
  password: ANY,
  phone: ANY,
  'idn-email': ANY,
  'idn-hostname': ANY,
  iri: ANY,
  'iri-reference': ANY,
};

function integers(prefix: string, bits: readonly number[], signed: boolean): { [name: string]: Format } {
  return Object.fromEntries(
    bits.map((size) => {
      const [min, max] = signed ? [-(2 ** (size - 1)), 2 ** (size - 1)] : [0, 2 ** size];
      const validate = (value: number) => Number.isInteger(value) && value >= min && value < max;
      return [`${prefix}${size}`, { type: 'number', validate }];
    }),
  );
}

/** Formats that a schema names and nobody here can check, so that somebody can be told. */
export function isKnownFormat(name: string): boolean {
  return Object.hasOwn(FORMATS, name);
}
