export { create } from './bus/create.js';
export type {
  DeadLetterAction,
  DeadLetterRemoval,
  DeadLetterResult,
  DeadLetters,
  OpenedDeadLetter,
} from './bus/dead-letters/admin.js';
export type { DeadLetterFilter } from './bus/dead-letters/filter.js';
export type {
  Bus,
  Client,
  CreateOptions,
  EventHandle,
  EventOf,
  FireOptions,
  UntypedBus,
  UntypedNode,
  Worker,
  WorkerState,
} from './bus/handles.js';
export type { PlacementOptions, ValidateOptions } from './config/api-options.js';
export type { TlsOptions } from './config/nats-options.js';
export type {
  ApiOptions,
  ConfigInput,
  NatsOptions,
  StreamOptions,
  SystemStreamOptions,
  SystemStreamSettings,
} from './config/options.js';
export { Api, type ApiClass } from './definition/api.js';
export { Event } from './definition/event.js';
export { Parameter } from './definition/parameter.js';
export {
  type Batch,
  type BatchHandler,
  type BatchOptions,
  type Handler,
  type Listener,
  type ListenOptions,
  OnError,
  type Since,
} from './delivery/options.js';
export type { Duration } from './duration.js';
export {
  BusAlreadyClosed,
  DuplicateListenerName,
  DurableConflict,
  EventFireTimeout,
  EventNotFound,
  FailedToImportBusModule,
  InvalidConfiguration,
  InvalidEventArguments,
  InvalidEventListener,
  InvalidName,
  LightbusError,
  ListenersAlreadyStarted,
  NothingToListenFor,
  SchemaNotFound,
  StreamConflict,
  UnknownApi,
  ValidationError,
  type ValidationIssue,
} from './errors.js';
export type { Logger, LogLevel } from './logger.js';
export type { EventMessage, NativeId, OutgoingEvent, ReceivedEvent } from './message/message.js';
export type { DeadLetter } from './message/stored-dead-letter.js';
export { Reject, RetryAfter } from './verdicts.js';
