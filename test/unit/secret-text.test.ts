import { expect } from 'chai';
import { looksSecret, plain, quote, redact } from '../../lib/secret-text.js';

const SEED = 'SUAM5BYPXCMRNLVM3R4JFWKDUWMJUTM6KRJDHAVYFFQPEJAUJHZ6S77AGE';
const JWT = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJzdWIiOiJVQSJ9.c2ln';
const SECRETS: Readonly<Record<string, string>> = {
  'a seed': SEED,
  'a shortened seed': SEED.slice(0, 20),
  'a seed cut to a few characters': 'SUAM5',
  'a mistyped seed': `${SEED.slice(0, 30)}l0ve1${SEED.slice(35)}`,
  'the seed of an account': `SA${SEED.slice(2)}`,
  'a seed with a prefix': `seed=${SEED}`,
  'a JWT': JWT,
  'a file of credentials': `-----BEGIN NATS USER JWT-----\n${JWT}\n------END NATS USER JWT------`,
  'such a file in one line': `-----BEGIN USER NKEY SEED----- ${SEED} ------END`,
  'a private key': '-----BEGIN PRIVATE KEY-----',
  'several lines': 'user\npassword',
};
const HARMLESS = [
  'lightbus.yaml',
  './keys/svc.creds',
  '/home/me@work/SU/svc.nk',
  'C:\\keys\\svc.creds',
  'disk',
  'SELECT',
];

describe('What may be quoted', () => {
  for (const [what, text] of Object.entries(SECRETS)) {
    it(`is not ${what}`, () => {
      expect(looksSecret(text)).to.equal(true);
      expect(quote(text)).to.equal('(not shown, it may be a secret)');
      expect(plain(text)).to.equal('(not shown, it may be a secret)');
    });
  }

  it('is everything else', () => {
    for (const text of HARMLESS) {
      expect(looksSecret(text), text).to.equal(false);
      expect(quote(text)).to.equal(JSON.stringify(text));
      expect(plain(text)).to.equal(text);
    }
    expect(quote('x'.repeat(200))).to.have.length(80);
  });

  it('of an address is no user and no password', () => {
    for (const text of [
      'nats://me:hunter2@a:1',
      'me:hunter2@a',
      'hunter2@a',
      'nats://me:hun/ter2@a',
      'ws://hunter2@a',
    ]) {
      expect(quote(text) + plain(text), text).to.not.match(/hun|ter2/);
    }
  });

  it('of the errors of others is what is left without seeds, JWTs, keys and passwords', () => {
    const said = `open ${SEED} and ${JWT}, postgres://me:hunter2@db/x: -----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY----- failed`;
    expect(redact(said)).to.equal(
      'open (not shown, it may be a secret) and (not shown, it may be a secret), postgres://***@db/x: (not shown, it may be a secret) failed',
    );
    expect(redact('ENOENT: no such file, open /etc/svc.creds')).to.equal('ENOENT: no such file, open /etc/svc.creds');
  });
});
