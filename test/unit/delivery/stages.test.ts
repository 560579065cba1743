import { expect } from 'chai';
import { PendingDelivery } from '../../../lib/delivery/scheduling/pending-delivery.js';
import { FIRST_STAGE, STAGES, type Stage } from '../../../lib/delivery/scheduling/stages.js';
import { delivery, FakeSource } from './listener-setup.js';

const ALL = Object.keys(STAGES) as Stage[];

/** How to come to a stage from the first one. */
function wayTo(stage: Stage, seen: readonly Stage[] = [FIRST_STAGE]): readonly Stage[] | undefined {
  const last = seen.at(-1) as Stage;
  if (last === stage) return seen;
  const ways = STAGES[last].next.filter((next) => !seen.includes(next)).map((next) => wayTo(stage, [...seen, next]));
  return ways.find((way) => way !== undefined);
}

function pendingIn(stage: Stage): PendingDelivery {
  const pending = new PendingDelivery(delivery(1), new FakeSource(), 0);
  for (const next of wayTo(stage)?.slice(1) ?? []) pending.to(next);
  return pending;
}

describe('The stages of a delivery', () => {
  it('can each be come to, and each leads to the end', () => {
    for (const stage of ALL) {
      expect(pendingIn(stage).stage).to.equal(stage);
      if (stage !== 'ended') expect(STAGES[stage].next, stage).to.include('ended');
    }
  });

  it('follow each other as the table says, and in no other way', () => {
    for (const stage of ALL) {
      for (const next of ALL) {
        const allowed = STAGES[stage].next.includes(next);
        if (allowed) pendingIn(stage).to(next);
        else expect(() => pendingIn(stage).to(next)).to.throw(`a delivery that is ${stage} cannot become ${next}`);
      }
    }
  });

  it('say whether it runs and whether another process may have it', () => {
    expect(ALL.filter((stage) => pendingIn(stage).runs)).to.deep.equal(['running', 'settling']);
    expect(ALL.filter((stage) => pendingIn(stage).isShared(false))).to.deep.equal(['ready']);
    expect(ALL.filter((stage) => pendingIn(stage).isShared(true))).to.deep.equal(['ready', 'quarantined']);
  });
});
