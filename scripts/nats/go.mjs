import { join } from 'node:path';
import { EXECUTABLE } from './binary.mjs';
import { command } from './command.mjs';

/** Builds the version with the Go that is installed. */
export async function fromGo({ version, folder, environment }) {
  // Outside the checkout's folder, and without GOOS or GOARCH, for which GOBIN is refused.
  const { GOOS: _os, GOARCH: _arch, ...env } = { ...environment, GOBIN: folder };
  await command('go', ['install', `github.com/nats-io/nats-server/v2@v${version}`], { cwd: folder, env });
  return join(folder, EXECUTABLE);
}
