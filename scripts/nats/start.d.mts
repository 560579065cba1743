export interface RunningServer {
  port: number;
  pid: number;
  /** The last lines that it logged. */
  log(): string;
  /** Sends the signal; resolves when the process has ended. */
  signal(name: NodeJS.Signals): Promise<void>;
}

export function configText(options: { base: string; storeDir: string; more?: string }): string;

export function startServer(options: { binary: string; config: string; port?: number }): Promise<RunningServer>;
