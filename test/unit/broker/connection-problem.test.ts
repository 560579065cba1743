import { expect } from 'chai';
import { explainProblem } from '../../../lib/broker/jetstream/connection/problem.js';

const problem = (message: string, code?: string) => Object.assign(new Error(message), code && { code });
const TLS = { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'key.pem' };

const CASES: readonly (readonly [what: string, error: Error, nats: object, said: string])[] = [
  ['as it is, what needs no remedy', problem('CONNECTION_REFUSED', 'CONNECTION_REFUSED'), {}, 'CONNECTION_REFUSED'],
  ['no login', problem('no', 'AUTHORIZATION_VIOLATION'), {}, 'a client without a login (no); set nats.credentials'],
  [
    'a password',
    problem('no', 'AUTHORIZATION_VIOLATION'),
    { user: 'u', password: 'p' },
    'refuses nats.user (no); if it was changed there, start again',
  ],
  ['a token', problem('no', 'AUTHENTICATION_EXPIRED'), { token: 't' }, 'refuses nats.token (no)'],
  ['an unknown authority', problem('x', 'SELF_SIGNED_CERT_IN_CHAIN'), { tls: {} }, 'name the file with its authority'],
  ['a wrong authority', problem('x', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'), { tls: TLS }, 'ca.pem does not hold its'],
  ['another host', problem('x', 'ERR_TLS_CERT_ALTNAME_INVALID'), { tls: {} }, 'for another host (x)'],
  ['an expired certificate', problem('x', 'CERT_HAS_EXPIRED'), { tls: {} }, 'has expired (x); renew it there'],
  ['silence without our certificate', problem('TIMEOUT', 'TIMEOUT'), { tls: {} }, 'demands a client certificate'],
  [
    'silence with our certificate',
    problem('TIMEOUT', 'TIMEOUT'),
    { tls: TLS },
    'trusts the authority of nats.tls.certFile',
  ],
  ['silence without TLS', problem('TIMEOUT', 'TIMEOUT'), {}, 'TIMEOUT'],
  ['a server without TLS', problem('tls'), { tls: {} }, 'the server offers no TLS'],
  ['an alert', problem('tlsv1 alert unknown ca'), { tls: TLS }, 'the server refused TLS (tlsv1 alert unknown ca)'],
  ['an address with a password', problem('bad nats://me:hunter2@a'), {}, 'bad nats://***@a'],
];

describe('What is said of a connection that fails', () => {
  for (const [what, error, nats, said] of CASES) {
    it(`names the remedy: ${what}`, () => {
      expect(explainProblem(error, { servers: [], ...nats }, undefined)).to.include(said);
    });
  }
  it('is nothing where nothing is known', () =>
    expect(explainProblem(undefined, { servers: [] }, undefined)).to.equal(undefined));
});
