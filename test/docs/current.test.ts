import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import * as errors from '../../lib/errors.js';
import { LightbusError } from '../../lib/errors.js';
import { generatedPages } from '../../scripts/docs/generate.js';
import { ROOT, readPages } from './pages.js';

describe('the documentation', () => {
  it('is current where it is made from the source', async () => {
    for (const { path, current, wanted } of await generatedPages()) {
      expect(current, `${path} is out of date: npm run docs`).to.equal(wanted);
    }
  });

  it('lists every error class, and its remedy', async () => {
    const text = await readFile(join(ROOT, 'docs/errors.md'), 'utf8');
    const classes = Object.entries(errors).filter(([, value]) => value === LightbusError || isErrorClass(value));
    expect(classes.length).to.be.at.least(15);
    for (const [name] of classes) expect(text).to.match(new RegExp(`^\\| \`${name}\` \\| .+ \\| .+ \\|$`, 'm'));
  });

  it('quotes under "Trouble" what the library really says', async () => {
    const source = await librarySource();
    const page = await readFile(join(ROOT, 'docs/trouble.md'), 'utf8');
    const quotes = page
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, quote = '']) => quote))
      .filter((quote) => quote.includes(' '));
    expect(quotes.length).to.be.at.least(25);
    const parts = quotes.flatMap((quote) => quote.split('…').map((part) => part.trim()));
    expect(parts.filter((part) => !source.includes(part))).to.deep.equal([]);
  });

  it('has no dead link within the project', async () => {
    const dead: string[] = [];
    for (const { path, text } of await readPages()) {
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        if (!(await isThere(path, target))) dead.push(`${path}: ${target}`);
      }
    }
    expect(dead).to.deep.equal([]);
  });
});

function isErrorClass(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof LightbusError;
}

/** All of lib/ as its messages read: strings that are put together from several are whole, and values are spaces. */
async function librarySource(): Promise<string> {
  const names = await readdir(join(ROOT, 'lib'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(files.map((name) => readFile(join(ROOT, 'lib', name), 'utf8')));
  return texts.join('\n').replace(/['"`]\s*\+\s*['"`]/g, '');
}

async function isThere(page: string, target: string): Promise<boolean> {
  const [file, anchor] = target.split('#');
  const path = file ? join(ROOT, dirname(page), file) : join(ROOT, page);
  const found = await access(path).then(
    () => true,
    () => false,
  );
  if (!found || anchor === undefined) return found;
  return anchorsOf(await readFile(path, 'utf8')).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
