import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runCommand } from '../support/command.js';
import { useNats } from '../support/nats.js';

const SERVICE = fileURLToPath(new URL('../fixtures/threads/service/', import.meta.url));

describe('lightbus run, with a handler in threads', function () {
  this.timeout('60s');
  const nats = useNats();

  it('runs TypeScript without a build, knows its verdicts, and ends with its threads', async () => {
    await using lightbus = runCommand(['run'], { directory: SERVICE, environment: { NATS_URL: nats.url } });
    await lightbus.said('{"reported":"sales","isMainThread":false,"attempt":1}');
    await lightbus.said('it is kept as a dead letter');
    expect(lightbus.err)
      .to.include('there is no report')
      .and.match(/service\/report\.ts:\d+/);
    lightbus.process.kill('SIGTERM');
    expect(await lightbus.exit).to.equal(0);
  });
});
