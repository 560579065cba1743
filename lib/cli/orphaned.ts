const LOOK_EVERY_MS = 500;

/**
 * Calls `orphaned` once when the process that started this one is gone, if that was npm or npx: they pass no signal on
 * through the shell that stands between, and die by it themselves.
 *
 * @returns ends the watch
 */
export function watchForNpm(
  environment: Readonly<Record<string, string | undefined>>,
  orphaned: () => void,
): () => void {
  if (environment.npm_execpath === undefined && environment.npm_lifecycle_event === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
