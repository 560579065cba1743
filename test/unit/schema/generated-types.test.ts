// The type of a schema here has every value that fits it, and is not a type that has everything.
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import ts from 'typescript';
import { fitting, shape } from '../../fixtures/schemas/shapes.js';
import { WRITERS } from '../../fixtures/schemas/writers.js';

const SEED = Number(process.env.FAST_CHECK_SEED ?? Date.now() % 2 ** 31);
const SHAPES = process.env.FAULTS === 'full' ? 100 : 25;
/** Beside this file, where the libraries are found; it is not written. */
const FILE = fileURLToPath(new URL('./of-generated-types.ts', import.meta.url));

for (const { library, imports, write } of WRITERS) {
  if (imports === undefined) continue;
  describe(`The types of generated schemas of ${library} (seed ${SEED})`, function () {
    this.timeout('5m');

    it('admit what fits, and not everything', () => {
      const samples = fc.sample(sample, { numRuns: SHAPES, seed: SEED });
      const uses = samples.map(({ of, values }, index) => useOf(`schema${index}`, write(of).source, values));
      const source = `${imports}\nimport { create, Api, Event } from '../../../lib/index.js';\n${uses.join('')}`;
      expect(typeErrors(source)).to.deep.equal([]);
    });
  });
}

const sample = shape.chain((of) =>
  fc.array(fitting(of), { minLength: 3, maxLength: 3 }).map((values) => ({ of, values })),
);

/** A listener to an event with the schema; the values are assigned to what it is given. */
function useOf(name: string, schema: string, values: readonly unknown[]): string {
  const admitted = values.map((value) => `    value = ${JSON.stringify(value)};\n`).join('');
  return `
class ${name} extends Api {
  static meta = { name: '${name}' } as const;
  happened = new Event({ parameters: { value: ${schema} } });
}
create({ apis: [${name}] }).${name}.happened.listen(
  ({ value }) => {
${admitted}    // @ts-expect-error it is neither any nor unknown
    value = undefined;
  },
  { listenerName: 'x' },
);
`;
}

function typeErrors(source: string): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === FILE || fileExists(path);
  host.getSourceFile = (path, version, ...more) =>
    path === FILE ? ts.createSourceFile(path, source, version) : getSourceFile(path, version, ...more);
  const program = ts.createProgram([FILE], options, host);
  const file = program.getSourceFile(FILE);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    ({ messageText, start = 0 }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${ts.flattenDiagnosticMessageText(messageText, '\n')} at: ${source.split('\n')[line]}`;
    },
  );
}
