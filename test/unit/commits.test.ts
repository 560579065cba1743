import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Of the newest commits; undefined in a copy without a history. */
function subjects(): string[] | undefined {
  try {
    return execFileSync('git', ['log', '-20', '--format=%s'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split('\n');
  } catch {
    return undefined;
  }
}

describe('The newest commits', () => {
  it('have subjects of at most 72 characters', function () {
    const found = subjects();
    if (found === undefined) return this.skip();
    expect(found.filter((subject) => subject.length > 72)).to.deep.equal([]);
  });
});
