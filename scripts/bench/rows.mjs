// What the bench measures. Each row runs in a process of its own; `title` and `ours / theirs` become lines of the table.

const SMALL = 2_000;
const LARGE = 30_000;

/** @param {{ rounds: number, share: number }} options `share` of the events: less than 1 for a quick look */
export function rows({ rounds, share }) {
  const events = (count) => Math.max(200, Math.round(count * share));
  const against = ['publish', 'publishBare'];
  const withHeaders = '`js.publish`, six headers, Ajv, `JSON.stringify`';
  const listening = '`for await` … `JSON.parse`, Ajv, `await handler()`, `m.ack()`';
  return [
    {
      options: { kind: 'fire', inFlight: 256, count: events(LARGE), rounds, against },
      lines: [
        { title: 'fire, 256 in flight', ours: 'lightbus', theirs: 'publish', than: withHeaders },
        { title: 'fire, 256 in flight', ours: 'lightbus', theirs: 'publishBare', than: '`js.publish`, nothing else' },
      ],
    },
    {
      options: { kind: 'fire', inFlight: 1, count: events(SMALL), rounds, against },
      lines: [
        { title: 'fire, one at a time', ours: 'lightbus', theirs: 'publish', than: withHeaders },
        { title: 'fire, one at a time', ours: 'lightbus', theirs: 'publishBare', than: '`js.publish`, nothing else' },
      ],
    },
    {
      options: { kind: 'listen', handler: 'sync', concurrency: [1], count: events(LARGE), rounds },
      lines: [{ title: 'listener, handler does not wait', ours: 1, theirs: 'raw', than: listening }],
    },
    {
      options: { kind: 'listen', handler: 'syncId', concurrency: [1], count: events(LARGE), rounds },
      lines: [
        {
          title: "the same, and reads the event's id",
          ours: 1,
          theirs: 'raw',
          than: `${listening}, \`headers.get()\``,
        },
      ],
    },
    {
      options: { kind: 'listen', handler: 'waiting', concurrency: [1, 32, 256], count: events(LARGE), rounds },
      lines: [1, 32, 256].map((concurrency) => ({
        title: `listener, handler waits (\`setImmediate\`), concurrency ${concurrency}`,
        ours: concurrency,
        theirs: 'raw',
        than: listening,
      })),
    },
    {
      options: { kind: 'latency', count: events(SMALL), rounds },
      lines: [
        { title: 'fire to handler, p99', ours: 'lightbus', theirs: 'raw', than: 'the same by hand', unit: 'ms' },
        {
          title: 'fire to handler, median',
          ours: 'lightbus median',
          theirs: 'raw median',
          than: 'the same by hand',
          unit: 'ms',
        },
      ],
    },
  ];
}

export const IDLE = { kind: 'idle', listeners: 500 };
