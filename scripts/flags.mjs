// The flags of a script. A wrong one ends it with 2 and one line, before it does anything.
import { parseArgs } from 'node:util';

/**
 * Reads the flags by the rules of `parseArgs`, and checks values.
 *
 * @param {Record<string, object>} options as for `parseArgs`
 * @param {{ numbers?: string[], oneOf?: Record<string, string[]> }} checks `numbers`: flags that are numbers above 0;
 *   `oneOf`: what a flag may be, several of them separated by commas
 */
export function readFlags(options, { numbers = [], oneOf = {} } = {}) {
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    stop(
      `${error.message}; known are ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(', ')}`,
    );
  }
  for (const name of numbers) {
    if (!(Number(values[name]) > 0)) stop(`--${name} is "${values[name]}"; give a number above 0`);
  }
  for (const [name, allowed] of Object.entries(oneOf)) {
    const wrong = values[name]?.split(',').find((value) => !allowed.includes(value));
    if (wrong !== undefined) stop(`--${name} "${wrong}" is not known; give ${allowed.join(' or ')}`);
  }
  return values;
}

/** Ends the script with 2 and one line. */
export function stop(message) {
  console.error(message);
  process.exit(2);
}
