export function findNatsServer(options?: {
  version?: 'newest' | 'oldest' | 'any';
  log?: (line: string) => void;
  environment?: NodeJS.ProcessEnv;
  systemFolders?: readonly string[];
}): Promise<{ path: string; version: string }>;
