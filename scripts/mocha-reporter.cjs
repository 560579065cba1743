// Mocha's own `spec` output, and the counts in the file that `LIGHTBUS_TEST_COUNTS` names, for scripts/test.mjs.
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

/** What tests have left running gets so long to end; a test that timed out may wait forever. */
const GRACE_MS = 30_000;

const { EVENT_TEST_FAIL, EVENT_RUN_END } = Mocha.Runner.constants;

module.exports = class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on(EVENT_TEST_FAIL, (test) => failed.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      const file = process.env.LIGHTBUS_TEST_COUNTS;
      if (file)
        writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending, titles: failed }));
      const overdue = () => {
        console.error('The tests have ended, and something that they left keeps their process alive; ending it');
        process.exit(1);
      };
      setTimeout(overdue, GRACE_MS).unref();
    });
  }
};
