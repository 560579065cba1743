import { Api, Event, Parameter } from 'lightbus-jetstream';

/** What the services of these tests tell each other. `does` is what handling the event does, see actions.ts. */
export class JobsApi extends Api {
  static meta = { name: 'jobs' } as const;
  added = new Event({
    parameters: { n: { type: 'number' }, does: new Parameter({ type: 'string' }, { default: '' }) },
  });
  removed = new Event({
    parameters: { n: { type: 'number' }, does: new Parameter({ type: 'string' }, { default: '' }) },
  });
}

/** A later version of it. */
export class NewJobsApi extends Api {
  static meta = { name: 'jobs', version: 2 } as const;
  added = new Event({
    parameters: {
      n: { type: 'number' },
      does: new Parameter({ type: 'string' }, { default: '' }),
      priority: new Parameter({ type: 'number' }, { default: 5 }),
    },
  });
  removed = new Event({
    parameters: { n: { type: 'number' }, does: new Parameter({ type: 'string' }, { default: '' }) },
  });
}
