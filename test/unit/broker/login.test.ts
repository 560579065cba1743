import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { keyLogin } from '../../../lib/broker/jetstream/connection/login.js';
import { InvalidConfiguration } from '../../../lib/errors.js';
import { createJwt, createNkey, createOperator, credentialsText } from '../../support/keys.js';

const operator = createOperator();
const user = createNkey('user');
const credentials = operator.credentials({}, user);
/** With another last character but one; the last has bits that say nothing. */
const damaged = (seed: string) => `${seed.slice(0, -2)}${seed.at(-2) === 'A' ? 'B' : 'A'}A`;
const BAD_CREDENTIALS: Readonly<Record<string, readonly [text: string, ...said: string[]]>> = {
  'nothing in it': ['\n', 'holds no block "NATS USER JWT"'],
  'no seed': [credentials.split('-----BEGIN USER')[0] ?? '', 'holds no block "USER NKEY SEED"'],
  'a JWT that is none': [credentials.replace(/eyJ.*/, 'eyJubw.bm8.x'), 'JWT is damaged'],
  'a damaged seed': [credentials.replace(user.seed, damaged(user.seed)), 'seed is damaged'],
  "another user's seed": [credentials.replace(user.seed, createNkey('user').seed), 'seed is not that of the user'],
};

describe('The login by keys', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightbus-login-'));
    path = join(folder, 'secret.creds');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const login = (nats: { credentials?: string; nkey?: string }, failed = sinon.spy()) =>
    keyLogin({ servers: [], ...nats }, failed);
  const write = (text: string) => {
    writeFileSync(path, text);
    return path;
  };
  const refused = (nats: { credentials?: string; nkey?: string }) => {
    expect(() => login(nats)).to.throw(InvalidConfiguration);
    try {
      login(nats);
    } catch (error) {
      return error as InvalidConfiguration;
    }
    throw new Error('it was not refused');
  };

  it('is none without credentials and NKey', () => expect(login({})).to.equal(undefined));

  it('takes credentials from a file or as text, with any line ends', () => {
    const texts = [credentials, credentials.replaceAll('\n', '\r\n'), credentials.trim().replaceAll('\n', ' ')];
    for (const given of [write(credentials), ...texts]) {
      const auth = login({ credentials: given })?.authenticator('nonce');
      expect(auth).to.include({ nkey: user.publicKey }).and.have.property('sig').that.is.not.empty;
      expect(auth).to.have.property('jwt').that.match(/^eyJ/);
    }
  });

  it('takes the seed of an NKey from a file or as text', () => {
    for (const given of [user.seed, `${user.seed}\n`, write(user.seed), write(`# mine\n  ${user.seed}\n`)]) {
      expect(login({ nkey: given })?.authenticator('nonce')).to.include({ nkey: user.publicKey });
    }
  });

  for (const [what, [text, ...said]] of Object.entries(BAD_CREDENTIALS)) {
    it(`refuses credentials with ${what}, without a word of them`, () => {
      for (const [given, where] of [
        [text, 'nats.credentials (given as text)'],
        [write(text), `nats.credentials (${path})`],
      ] as const) {
        const { message, cause } = refused({ credentials: given });
        for (const words of [where, ...said]) expect(message).to.include(words);
        expect(message).to.not.match(/eyJ|S[UA][A-Z2-7]{8}/);
        expect(cause).to.equal(undefined);
      }
    });
  }

  it('refuses seeds that are damaged, shortened or not of a user, without a word of them', () => {
    const seeds = [damaged(user.seed), user.seed.slice(0, 12), 'SUAB', createNkey('account').seed];
    for (const seed of seeds) {
      const { message } = refused({ nkey: seed });
      expect(message).to.include('nats.nkey (given as text)').and.include('begins with SU');
      expect(message).not.to.include(seed);
    }
  });

  it('says which file is not there', () => {
    const { message } = refused({ nkey: join(folder, 'none.nk') });
    expect(message).to.equal(
      `nats.nkey: cannot read ${join(folder, 'none.nk')} (ENOENT); give the path of a file that is there`,
    );
  });

  it('reads the file at each challenge, and goes on with the last good one, said once, while it is none', () => {
    const failed = sinon.spy();
    const read = login({ credentials: write(credentials) }, failed);
    const nkey = () => read?.authenticator('nonce') && (read.authenticator('nonce') as { nkey: string }).nkey;
    const next = createNkey('user');
    write(operator.credentials({ exp: 1 }, next));
    expect(nkey()).to.equal(next.publicKey);
    expect(read?.expired()).to.equal(true);

    write('half a file');
    expect(nkey()).to.equal(next.publicKey);
    rmSync(path);
    expect(nkey()).to.equal(next.publicKey);
    expect(failed.callCount).to.equal(1);
    expect(failed.firstCall.args[0])
      .to.be.instanceOf(InvalidConfiguration)
      .with.property('message')
      .that.includes(path);

    write(credentials);
    expect(nkey()).to.equal(user.publicKey);
    expect(read?.expired()).to.equal(false);
  });

  it('does not take a JWT of somebody else for its own', () => {
    const foreign = createJwt(createNkey('account'), createNkey('user'), { type: 'user' });
    expect(refused({ credentials: credentialsText(foreign, user) }).message).to.include('not that of the user');
  });
});
