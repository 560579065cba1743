/** Why a schema cannot be used: where in it, what is wrong there, and what to do. */
export class SchemaProblem extends Error {
  override readonly name = 'SchemaProblem';
  /** A JSON Pointer into the schema as it was given; empty for the schema as a whole. */
  readonly path: string;

  constructor(path: string, reason: string, options: ErrorOptions = {}) {
    super(reason, options);
    this.path = path;
  }
}
