/** How often an event may outlive the process that handles it, over `maxAttempts`, before it is given up without a run. */
export const UNRUN_SLACK = 3;

/**
 * `watched`: no failure explains how often it came. `suspect`: nor does an orderly stop, so it may have ended its process.
 * `last`: and the next time it comes it is given up without a run.
 */
export type Suspicion = 'none' | 'watched' | 'suspect' | 'last';

/** Whether an event may be what ended a process. One more delivery than attempts is none: an orderly stop gives back what waits. */
export function suspicionOf(attempt: number, { maxAttempts }: { readonly maxAttempts: number }): Suspicion {
  if (attempt <= maxAttempts) return 'none';
  if (attempt === maxAttempts + 1) return 'watched';
  return attempt < maxAttempts + UNRUN_SLACK ? 'suspect' : 'last';
}

/** Whether an event comes again and again without its handler ever ending: it kills its process. */
export function killsItsProcess(attempt: number, { maxAttempts }: { readonly maxAttempts: number }): boolean {
  return attempt > maxAttempts + UNRUN_SLACK;
}
