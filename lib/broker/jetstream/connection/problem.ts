import type { ResolvedNatsOptions } from '../../../config/config.js';
import { redact } from '../../../secret-text.js';
import type { KeyLogin } from './login.js';

/** Node's and OpenSSL's names for a server's certificate that is not trusted here. */
const UNTRUSTED = /UNABLE_TO_(VERIFY|GET)|SELF_SIGNED|CERT_(UNTRUSTED|SIGNATURE_FAILURE)/;
const AUTHORIZATION = ['AUTHORIZATION_VIOLATION', 'BAD_AUTHENTICATION', 'AUTHENTICATION_EXPIRED', 'ACCOUNT_EXPIRED'];

/** Whether the server refuses this login. */
export function isRefusal(error: unknown): boolean {
  return AUTHORIZATION.includes(codeOf(error));
}

/** Why there is no connection, and what to do about it; `undefined` if that is not known. */
export function explainProblem(
  error: unknown,
  nats: ResolvedNatsOptions,
  login: KeyLogin | undefined,
): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const said = redact(error.message || codeOf(error));
  return isRefusal(error) ? explainRefusal(said, nats, login) : explainTls(error, said, nats);
}

function explainRefusal(said: string, nats: ResolvedNatsOptions, login: KeyLogin | undefined): string {
  if (login === undefined) {
    const option = nats.user !== undefined ? 'nats.user' : nats.token !== undefined ? 'nats.token' : undefined;
    return option === undefined
      ? `the server refuses a client without a login (${said}); set nats.credentials, nats.nkey, nats.user or nats.token`
      : `the server refuses ${option} (${said}); if it was changed there, start again with the new one`;
  }
  const what = login.expired() ? 'its JWT has expired' : said;
  const remedy = login.isFile
    ? 'put a valid one into this file: it is read again at each attempt'
    : 'start again with a valid one; a file would be read again at each attempt';
  return `the server refuses ${login.source} (${what}); ${remedy}`;
}

function explainTls(error: Error, said: string, { tls }: ResolvedNatsOptions): string {
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) {
    const remedy = tls?.caFile
      ? `${tls.caFile} does not hold its authority; correct nats.tls.caFile`
      : 'name the file with its authority in nats.tls.caFile';
    return `the certificate of the server is not trusted here (${said}); ${remedy}`;
  }
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of the server has expired (${said}); renew it there`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of the server is for another host (${said}); use a name that it holds in nats.servers`;
  }
  if (/alert|certificate required/i.test(said)) return `the server refused TLS (${said}); ${clientCertificate(tls)}`;
  // With TLS 1.3 the client's handshake ends before the server checks its certificate: a refusal is a closed connection.
  if (code === 'TIMEOUT' && tls !== undefined) {
    return `the server fell silent after the TLS handshake; it may have refused this client's certificate: ${clientCertificate(tls)}`;
  }
  if (said === 'tls') return 'the server offers no TLS; set it up there, or leave out nats.tls and tls://';
  return said;
}

function clientCertificate(tls: ResolvedNatsOptions['tls']): string {
  return tls?.certFile
    ? `see whether it trusts the authority of nats.tls.certFile (${tls.certFile}), and whether that has expired`
    : 'see whether it demands a client certificate (nats.tls.certFile and keyFile)';
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
