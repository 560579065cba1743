/** How many deliveries beyond `maxAttempts` an event gets before it is given up without another run. */
export const UNRUN_SLACK = 3;

/**
 * `watched`: it was delivered more often than its failures explain. `suspect`: also more often than an orderly stop
 * explains, so it may have ended its process. `last`: a suspect that is given up without a run if it is delivered again.
 */
export type Suspicion = 'none' | 'watched' | 'suspect' | 'last';

/** Whether an event may have ended its process. The first delivery beyond `maxAttempts` does not say so: an orderly stop returns queued deliveries. */
export function suspicionOf(attempt: number, { maxAttempts }: { readonly maxAttempts: number }): Suspicion {
  if (attempt <= maxAttempts) return 'none';
  if (attempt === maxAttempts + 1) return 'watched';
  return attempt < maxAttempts + UNRUN_SLACK ? 'suspect' : 'last';
}

/** Whether an event was delivered so often without its handler ending that it must be what ends its process. */
export function killsItsProcess(attempt: number, { maxAttempts }: { readonly maxAttempts: number }): boolean {
  return attempt > maxAttempts + UNRUN_SLACK;
}
