/** The base of every error that this package throws on purpose. `code` is stable and safe to branch on. */
export class LightbusError extends Error {
  /** The error's stable name, e.g. `'UnknownApi'`. */
  readonly code: string = 'LightbusError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    // Not from the class, which a minifier renames; the code is set after this.
    Object.defineProperty(this, 'name', {
      get: () => this.code,
      set: (value: unknown) => Object.defineProperty(this, 'name', { value, writable: true }),
      configurable: true,
    });
  }
}

/** An API was fired on that this bus does not own: pass its class to `create({ apis: [...] })`. */
export class UnknownApi extends LightbusError {
  override readonly code = 'UnknownApi';
}

/** The API is known, but it declares no such event. */
export class EventNotFound extends LightbusError {
  override readonly code = 'EventNotFound';
}

/** A name of an API, event, parameter, service or listener breaks the rules; the message says which are allowed. */
export class InvalidName extends LightbusError {
  override readonly code = 'InvalidName';
}

/** An event was fired with missing or unknown parameters, or with something that is not an object of parameters. */
export class InvalidEventArguments extends LightbusError {
  override readonly code = 'InvalidEventArguments';
}

/** One rule that a value broke. */
export interface ValidationIssue {
  /** Where in the parameters, as a JSON pointer, e.g. `/address/city`; empty for the parameters as a whole. */
  readonly path: string;
  /** The JSON Schema keyword that failed, e.g. `format`. */
  readonly keyword: string;
  /** What is wrong, with the shortened value. */
  readonly message: string;
}

/** Parameters have the right names and wrong values. `issues` lists the rules that were broken, twenty at most. */
export class ValidationError extends LightbusError {
  override readonly code = 'ValidationError';
  readonly issues: readonly ValidationIssue[];

  constructor(message: string, options: ErrorOptions & { issues: readonly ValidationIssue[] }) {
    super(message, options);
    this.issues = options.issues;
  }
}

/** Two listeners of one service have the same name on the same API. */
export class DuplicateListenerName extends LightbusError {
  override readonly code = 'DuplicateListenerName';
}

/** `listen` was called after the worker had started. */
export class ListenersAlreadyStarted extends LightbusError {
  override readonly code = 'ListenersAlreadyStarted';
}

/** What was given to `listen` as a handler cannot be called, or its options make no sense together. */
export class InvalidEventListener extends LightbusError {
  override readonly code = 'InvalidEventListener';
}

/** A worker was started without a single listener. */
export class NothingToListenFor extends LightbusError {
  override readonly code = 'NothingToListenFor';
}

/** An option, a configuration file or an environment variable has an unknown key or a value that is not allowed. */
export class InvalidConfiguration extends LightbusError {
  override readonly code = 'InvalidConfiguration';
}

/** The bus module is missing, threw while it was imported, or exports no bus or several. */
export class FailedToImportBusModule extends LightbusError {
  override readonly code = 'FailedToImportBusModule';
}

/** An event was not confirmed in time; `stored` says whether it may have been stored all the same. */
export class EventFireTimeout extends LightbusError {
  override readonly code = 'EventFireTimeout';
  /** `'no'`: surely not stored. `'maybe'`: sent, but the answer never came; fire again with the same `id` to be sure. */
  readonly stored: 'no' | 'maybe';

  constructor(message: string, options: ErrorOptions & { stored: 'no' | 'maybe' }) {
    super(message, options);
    this.stored = options.stored;
  }
}

/** A stream does not capture the API's subjects, captures another's, or has settings that break what is promised, e.g. `no_ack`. */
export class StreamConflict extends LightbusError {
  override readonly code = 'StreamConflict';
}

/** A durable of the listener's name exists with another filter, or with settings that break what is promised, e.g. `max_deliver`. */
export class DurableConflict extends LightbusError {
  override readonly code = 'DurableConflict';
}

/** No schema is known for an event. */
export class SchemaNotFound extends LightbusError {
  override readonly code = 'SchemaNotFound';
}

/** The bus was closed before the call. */
export class BusAlreadyClosed extends LightbusError {
  override readonly code = 'BusAlreadyClosed';
}
