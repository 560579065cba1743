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
