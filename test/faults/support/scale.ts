/** Whether faults are gone through in full (`npm run test:faults`) or in their short form (`npm test`). */
export const FULL = process.env.FAULTS === 'full';

/** How many, or how long: little in the short form. */
export function scale(short: number, full: number): number {
  return FULL ? full : short;
}
