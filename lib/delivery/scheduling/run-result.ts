/** What came of one run. The delivery has been acknowledged or given back by then, unless this says otherwise. */
export type RunResult =
  /** `took`: milliseconds of the handler. `fatal`: a hook failed afterwards, which stops the worker. */
  | { readonly kind: 'succeeded'; readonly took: number; readonly fatal?: { readonly error: unknown } }
  | { readonly kind: 'failed' }
  /** No handler saw it. */
  | { readonly kind: 'not-run' }
  /** It is to run again in this process after `delay` milliseconds, and holds back its key until then; not given back yet. */
  | { readonly kind: 'retry-here'; readonly delay: number }
  /** The worker is to stop because of `error`; the event stays unacknowledged. */
  | { readonly kind: 'halt'; readonly error: unknown }
  /** This library failed; not given back yet. */
  | { readonly kind: 'broken'; readonly error: unknown };
