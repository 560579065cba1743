// The layers of lib/, lowest first. A module imports only from lower layers or from its own folder, types included;
// ARCHITECTURE.md says what each layer is for.
const LAYERS = [
  [
    'errors.ts',
    'verdicts.ts',
    'names.ts',
    'duration.ts',
    'clock.ts',
    'describe-value.ts',
    'stack.ts',
    'logger.ts',
    'adapt-logger.ts',
    'secret-text.ts',
    'unprintable.ts',
  ],
  ['definition/', 'config/'],
  ['schema/', 'message/'],
  ['broker/'],
  ['delivery/'],
  ['bus/'],
  ['cli/', 'index.ts'],
];

// The parts of a layer, lowest first where one may use another: each with the parts that it may import from. '' is the
// folder itself, without its parts.
const PARTS = {
  delivery: {
    '': [],
    scheduling: [''],
    handling: ['', 'scheduling'],
    'dead-letters': ['', 'scheduling', 'handling'],
    threads: [''],
  },
  'broker/jetstream': {
    wire: [],
    connection: ['wire'],
    provisioning: ['wire', 'connection'],
    publishing: ['wire', 'connection'],
    consuming: ['wire', 'connection', 'provisioning'],
    '': ['wire', 'connection', 'provisioning', 'publishing', 'consuming'],
  },
};

// Packages that one part of the library keeps to itself, so that a change of package stays there. A second part is one
// that has to load users' modules in another place.
const KEPT_BY = {
  nats: ['broker/jetstream/'],
  ajv: ['schema/'],
  'ajv-formats': ['schema/'],
  commander: ['cli/'],
  jiti: ['cli/', 'delivery/threads/entry.ts'],
  piscina: ['delivery/threads/pool.ts'],
  re2js: ['schema/'],
};

// What layers 0 to 2 may use of Node: nothing that reads, writes, waits or listens.
const PURE_CORE_MODULES = '^(node:)?(buffer|crypto|path|url|util|vm)$';

/** A part's files as a regular expression: a folder with all below it, or a single file. */
const filesOf = (part) => `^lib/${part.replaceAll('.', '\\.')}${part.endsWith('/') ? '' : '$'}`;

/** Layer 0 is one folder, lib/ itself; everywhere else each part is a folder of its own. */
const siblingsOf = (part, level) => (level === 0 ? LAYERS[0] : [part]);

const layerRules = LAYERS.flatMap((parts, level) =>
  parts.map((part) => ({
    name: `layer-${level}-${part.replace(/\W.*$/, '')}`,
    comment: `lib/${part} is in layer ${level}: it imports only from lower layers or its own folder, types included.`,
    severity: 'error',
    from: { path: filesOf(part) },
    to: { path: '^lib/', pathNot: [...siblingsOf(part, level), ...LAYERS.slice(0, level).flat()].map(filesOf) },
  })),
);

const folderOf = (layer, part) => (part === '' ? `^lib/${layer}/[^/]+$` : `^lib/${layer}/${part}/`);

const partRules = Object.entries(PARTS).flatMap(([layer, parts]) =>
  Object.entries(parts).map(([part, lower]) => ({
    name: `part-${layer.replaceAll('/', '-')}${part === '' ? '' : `-${part}`}`,
    comment: `lib/${layer}/${part} imports, of lib/${layer}/, only from: ${lower.map((each) => each || 'itself').join(', ') || 'nothing'}.`,
    severity: 'error',
    from: { path: folderOf(layer, part) },
    to: { path: `^lib/${layer}/`, pathNot: [part, ...lower].map((each) => folderOf(layer, each)) },
  })),
);

const packageRules = Object.entries(KEPT_BY).map(([name, parts]) => ({
  name: `only-${parts[0].replace(/\/$|\.ts$/, '').replaceAll('/', '-')}-imports-${name}`,
  comment: `Only lib/${parts.join(' and lib/')} may import ${name}.`,
  severity: 'error',
  from: { path: '^lib/', pathNot: parts.map(filesOf) },
  to: { path: `(^|node_modules/)${name}(/|$)`, pathNot: '^lib/' },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...partRules,
    ...packageRules,
    {
      name: 'no-unknown-folder',
      comment: 'Every folder of a layer with parts is one of them: add it to PARTS.',
      severity: 'error',
      from: {
        path: Object.keys(PARTS).map((layer) => `^lib/${layer}/`),
        pathNot: Object.entries(PARTS).flatMap(([layer, parts]) =>
          Object.keys(parts).map((part) => folderOf(layer, part)),
        ),
      },
      to: {},
    },
    {
      name: 'no-unknown-part',
      comment: 'Every file of lib/ belongs to a layer: put it into a folder that has one, or add the folder here.',
      severity: 'error',
      from: { path: '^lib/', pathNot: LAYERS.flat().map(filesOf) },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or share a third one below them; types included.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true },
    },
    {
      name: 'no-io-below-the-broker',
      comment: 'Layers 0 to 2 do no I/O, so that they can be tested and understood without it.',
      severity: 'error',
      from: { path: LAYERS.slice(0, 3).flat().map(filesOf) },
      to: { dependencyTypes: ['core'], pathNot: PURE_CORE_MODULES },
    },
    {
      name: 'only-dependencies',
      comment: 'The published code, and its types, may import only what package.json lists under dependencies.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'This import leads nowhere.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.d.ts', '.json'],
      mainFields: ['types', 'main'],
    },
  },
};
