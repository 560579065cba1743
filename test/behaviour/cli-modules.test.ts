import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadBus } from '../../lib/cli/load-bus.js';
import { FailedToImportBusModule } from '../../lib/errors.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/cli/', import.meta.url));

async function failureOf(directory: string, module?: string): Promise<Error> {
  return loadBus({ module, directory: FIXTURES + directory, environment: {} }).then(
    () => expect.fail('it was loaded'),
    (error: Error) => error,
  );
}

describe('A bus module', () => {
  const loadable: [what: string, directory: string, module?: string][] = [
    ['TypeScript with an enum, an exported event and a helper', 'ts'],
    ['an ES module with top-level await that exports its bus twice', 'esm'],
    ['CommonJS', 'cjs'],
    ['CommonJS that is the bus', 'cjs', 'whole.cjs'],
    ['a default export', 'default'],
    ['named by a path', '.', './esm/bus.mjs'],
    ['named by its folder', '.', 'ts'],
    ['named by a URL', '.', new URL('../fixtures/cli/esm/bus.mjs', import.meta.url).href],
  ];
  for (const [what, directory, module] of loadable) {
    it(`may be ${what}`, async () => {
      const bus = await loadBus({ module, directory: FIXTURES + directory, environment: {} });
      expect(bus.client['~lightbus'].apis[0]?.name).to.equal('auth');
    });
  }

  it('may be named by LIGHTBUS_MODULE, which --bus goes before', async () => {
    const environment = { LIGHTBUS_MODULE: 'esm/bus.mjs' };
    expect((await loadBus({ directory: FIXTURES, environment })).client).to.be.an('object');
    const error = await loadBus({ module: 'none', directory: FIXTURES, environment }).catch(
      (failure: Error) => failure,
    );
    expect(error).to.be.instanceOf(FailedToImportBusModule);
  });

  const refused: [what: string, directory: string, module: string | undefined, ...said: string[]][] = [
    ['is not there', 'missing', undefined, 'looked for bus.ts, bus.mts', `${FIXTURES}missing`, '--bus'],
    ['is not where its path says', 'esm', './nope.ts', `${FIXTURES}esm/nope.ts`],
    ['is neither a file nor a package', 'esm', 'nope', `${FIXTURES}esm/nope`, 'package'],
    ['throws', 'throws', undefined, "Cannot read properties of undefined (reading 'url')", 'throws/bus.ts:6:'],
    ['has wrong syntax', 'syntax', undefined, 'Unexpected token', 'syntax/bus.ts:1:'],
    [
      'exports no bus',
      'none',
      undefined,
      'exports helper (a function), which is not a bus',
      'export const bus = create(',
    ],
    ['imports by a path of tsconfig.json', 'alias', undefined, '@/shared/bus.js looks like a path of tsconfig.json'],
    ['exports two', 'two', undefined, 'exports 2 buses: a, b'],
    ['is a package without a bus', 'esm', 'chai', 'which are not a bus', 'expect'],
  ];
  for (const [what, directory, module, ...said] of refused) {
    it(`that ${what} is FailedToImportBusModule`, async () => {
      const error = await failureOf(directory, module);
      expect(error).to.be.instanceOf(FailedToImportBusModule);
      for (const words of said) expect(error.message).to.include(words);
    });
  }

  it('that throws keeps its own error as the cause', async () => {
    expect((await failureOf('throws')).cause).to.be.instanceOf(TypeError);
  });
});
