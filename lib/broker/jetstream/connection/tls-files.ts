import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ResolvedTls } from '../../../config/config.js';
import { InvalidConfiguration } from '../../../errors.js';
import { plain } from '../../../secret-text.js';

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?(?:-----END (?:TRUSTED |X509 )?CERTIFICATE-----|$)/g;

/**
 * Checks the files that `nats.tls` names. The client itself reads them for each connection, but says of a bad one only that
 * TLS failed, or ignores it.
 *
 * @throws InvalidConfiguration with the option, the file and what is wrong with it
 */
export function checkTlsFiles({ caFile, certFile, keyFile }: ResolvedTls): void {
  if (caFile !== undefined) checkCertificates('nats.tls.caFile', caFile);
  if (certFile === undefined || keyFile === undefined) return;
  const cert = checkCertificates('nats.tls.certFile', certFile);
  const key = checkKey(keyFile);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = isMismatch(cause) ? 'is not the key of the certificate' : `cannot be used (${reasonOf(cause)})`;
    throw new InvalidConfiguration(
      `nats.tls.keyFile: ${plain(keyFile)} ${reason} in nats.tls.certFile (${plain(certFile)})`,
    );
  }
}

function checkCertificates(option: string, path: string): Buffer {
  const content = read(option, path);
  const certificates = content.toString('latin1').match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    throw new InvalidConfiguration(`${option}: ${plain(path)} holds no certificate; give a file in PEM format`);
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      const which = certificates.length > 1 ? `certificate ${index + 1} in ` : '';
      throw new InvalidConfiguration(`${option}: ${which}${plain(path)} is damaged (${reasonOf(cause)})`);
    }
  }
  return content;
}

function checkKey(path: string): Buffer {
  const content = read('nats.tls.keyFile', path);
  try {
    createPrivateKey(content);
    return content;
  } catch (cause) {
    const encrypted =
      (cause as { code?: unknown }).code === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(String(content));
    const reason = encrypted
      ? 'is encrypted; give a key without a passphrase'
      : `holds no private key that can be read (${reasonOf(cause)}); give a file in PEM format`;
    throw new InvalidConfiguration(`nats.tls.keyFile: ${plain(path)} ${reason}`);
  }
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InvalidConfiguration(
      `${option}: cannot read ${plain(path)} (${code}); give the path of a file that is there`,
    );
  }
}

function isMismatch(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' || /mismatch/.test(reasonOf(error));
}

/** OpenSSL's message, which has nothing of the file. */
function reasonOf(error: unknown): string {
  const { message, reason } = error as { message?: unknown; reason?: unknown };
  return String(reason ?? message);
}
