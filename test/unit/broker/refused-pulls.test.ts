import { expect } from 'chai';
import { NO_PULL_LIMITS } from '../../../lib/broker/jetstream/consuming/pulls.js';
import { RefusedPulls } from '../../../lib/broker/jetstream/consuming/refused-pulls.js';
import { recordLog } from '../../support/bus.js';
import { DURABLE } from './settings-setup.js';

function setup() {
  const log = recordLog();
  const refused = new RefusedPulls(DURABLE, log);
  return {
    log,
    refuse(reason: string, limits = NO_PULL_LIMITS, before = NO_PULL_LIMITS) {
      refused.refused(reason, before);
      refused.looked(limits);
    },
    refused,
  };
}

describe('refused pulls', () => {
  it('are an error with the words of the server and a remedy, once until pulls are taken again', () => {
    const { log, refuse, refused } = setup();
    for (let n = 0; n < 3; n++) refuse('400 Bad Request - whatever');
    expect(log.entries).to.have.length(1);
    expect(log.entries[0]).to.deep.include({ level: 'error' });
    expect(log.entries[0]?.message).to.match(
      /refuses the pulls of durable watch of API "shop": 400 Bad Request - whatever; set back what was changed/,
    );
    refused.clear();
    refuse('400 Bad Request - whatever');
    expect(log.entries).to.have.length(2);
  });

  it('are not trouble where the durable turns out to allow less than was known', () => {
    const { log, refuse } = setup();
    const less = { maxBatch: 5, maxExpires: 1000 };
    refuse('409 Exceeded MaxRequestBatch of 5', less);
    expect(log.entries).to.deep.equal([]);
    refuse('409 Exceeded MaxRequestBatch of 5', less, less);
    expect(log.entries).to.have.length(1);
  });
});
