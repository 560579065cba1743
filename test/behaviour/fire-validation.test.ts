import { expect } from 'chai';
import { create, InvalidEventArguments, ValidationError } from '../../lib/index.js';
import { AuthApi, Collected, errorOf, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';

describe('validation', () => {
  const nats = useNats();
  const bad = { username: 'adam', new_email: 'no address' };

  it('can be switched off for what is sent, and still holds for what is received', async () => {
    const log = recordLog();
    await using bus = create({
      ...settings(nats.url, log),
      config: { prefix: 'incoming', apis: { auth: { validate: { outgoing: false } } } },
      apis: [AuthApi],
    });
    const received = new Collected<string>();
    bus.auth.user_updated.listen(({ new_email }) => received.add(new_email), { listenerName: 'all' });
    await using _worker = await bus.client.startWorker();
    await bus.auth.user_updated.fire(bad);
    await bus.auth.user_updated.fire({ ...bad, new_email: 'good@example.com' });

    expect(await received.count(1)).to.deep.equal(['good@example.com']);
    expect(String((await log.said('Gave an event up')).fields.err)).to.match(/new_email must match format "email"/);
  });

  it('can be switched off for what is received, and still holds for what is sent', async () => {
    await using plain = await plainNats(nats.url);
    await using bus = create({
      ...settings(nats.url),
      config: { prefix: 'outgoing', apis: { default: { validate: { incoming: false } } } },
      apis: [AuthApi],
    });
    const received = new Collected<unknown>();
    bus.auth.user_updated.listen((parameters) => received.add(parameters), { listenerName: 'all' });
    await using _worker = await bus.client.startWorker();
    expect(await errorOf(bus.auth.user_updated.fire(bad))).to.be.instanceOf(ValidationError);
    await plain.send('outgoing.auth.user_updated', JSON.stringify(bad));

    expect(await received.count(1)).to.deep.equal([{ ...bad, is_admin: false }]);
  });

  it('switched off for what is sent, names are still checked and defaults still filled in', async () => {
    await using bus = create({
      ...settings(nats.url),
      config: { prefix: 'names', apis: { auth: { validate: { outgoing: false } } } },
      apis: [AuthApi],
    });
    expect((await bus.auth.user_updated.fire(bad)).parameters).to.deep.equal({ ...bad, is_admin: false });
    expect(await errorOf(bus.auth.user_updated.fire({ username: 'adam' } as typeof bad))).to.be.instanceOf(
      InvalidEventArguments,
    );
  });
});
