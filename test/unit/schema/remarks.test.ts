import { expect } from 'chai';
import type { LoadedBus } from '../../../lib/cli/load-bus.js';
import { Api, create, Event } from '../../../lib/index.js';
import { recordLog } from '../../support/bus.js';

class BooksApi extends Api {
  static meta = { name: 'books' } as const;

  book_added = new Event({
    parameters: {
      isbn: { type: 'string', format: 'isbn', examples: ['978-3', 7] },
      author: {
        $ref: '#/$defs/person',
        $defs: { person: { type: 'object', properties: { born: { format: 'year' } } } },
      },
      price: { type: 'number', format: 'double', minimum: 0, example: -1 },
      title: { type: 'string', format: 'email', examples: ['a@example.com'] },
    },
  });
}

/** What is logged when a bus of this level is opened. */
async function remarksAt(logLevel: 'debug' | 'info'): Promise<string[]> {
  const log = recordLog();
  const bus = create({ serviceName: 'shop', apis: [BooksApi], config: { logLevel }, logger: log });
  await (bus as unknown as LoadedBus).client['~lightbus'].config();
  return log.entries.filter(({ level }) => level === 'debug').map(({ message }) => message);
}

describe('What a schema says in vain', () => {
  it('passes, and is told at level debug: unknown formats, and examples that do not fit', async () => {
    expect(await remarksAt('debug')).to.deep.equal([
      'books.book_added, parameter "isbn": the format "isbn" is unknown, so it is not checked',
      'books.book_added, parameter "isbn": an example does not fit: example must be string, is 7',
      'books.book_added, parameter "price": an example does not fit: example must be >= 0, is -1',
      'books.book_added, definition "person", at /properties/born: the format "year" is unknown, so it is not checked',
    ]);
  });

  it('is not looked for at other levels', async () => {
    expect(await remarksAt('info')).to.deep.equal([]);
  });
});
